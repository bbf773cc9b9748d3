/** What all plugins together want of the boot loader; each word with those who asked for it. */
export interface GrubPlan {
  readonly add: readonly AskedWord[]
  readonly remove: readonly AskedWord[]
  readonly modules: readonly AskedWord[]
  /** Seconds. */
  readonly timeout?: AskedWord
}

export interface AskedWord {
  readonly word: string
  readonly plugins: readonly string[]
}
