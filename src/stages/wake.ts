/** A sleep that others can end. */
export class Wake {
  #resolve: () => void = () => {}
  #awake = false

  up(): void {
    this.#awake = true
    this.#resolve()
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#awake) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#resolve = resolve
        timer = setTimeout(resolve, Math.max(1, ms))
      })
      clearTimeout(timer)
    }
    this.#awake = false
  }
}
