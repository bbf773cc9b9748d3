/** A sleep that others can end. */
export class Wake {
  #resolve: () => void = () => {}
  #awake = false

  up(): void {
    this.#awake = true
    this.#resolve()
  }

  /** Undefined: as long as nobody ends it. */
  async sleep(ms: number | undefined): Promise<void> {
    if (!this.#awake) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
        timer = ms === undefined ? undefined : setTimeout(resolve, Math.max(1, ms))
      })
      clearTimeout(timer)
    }
    this.#awake = false
  }
}
