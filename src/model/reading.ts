/** A value read from a text, or what is wrong with it: a sentence without its subject. */
export type Reading<Value> = { readonly value: Value } | { readonly wrong: string }
