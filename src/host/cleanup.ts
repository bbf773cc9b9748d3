/** Undoing, in the reverse order of doing. Node 20 has no AsyncDisposableStack. */
export class Cleanup implements AsyncDisposable {
  #steps: (() => Promise<void> | void)[] = []

  /** Disposes of `resource` when this is disposed of. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    this.defer(async () => await resource[Symbol.asyncDispose]())
    return resource
  }

  defer(step: () => Promise<void> | void): void {
    this.#steps.push(step)
  }

  /** Hands all steps to a new owner; this one has nothing left to do. */
  move(): Cleanup {
    const owner = new Cleanup()
    owner.#steps = this.#steps
    this.#steps = []
    return owner
  }

  /** Every step runs, whatever the others do; the first error is thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = []
    for (const step of this.#steps.reverse()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    this.#steps = []
    if (errors.length > 0) throw errors[0]
  }
}
