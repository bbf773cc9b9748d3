/** A guest's two consoles: the first serial port and the virtio console, hvc0. */
export type ConsolePort = 'ttyS0' | 'hvc0'

/**
 * Which of the two consoles a person sees and types into. Firmware and boot loader speak on ttyS0 only, a kernel on either or
 * on both (then every line would come twice), and the login prompt may stand on one alone.
 */
export class ConsoleChoice {
  #shown: ConsolePort = 'ttyS0'
  readonly #prompts = new Set<ConsolePort>()

  get shown(): ConsolePort {
    return this.#shown
  }

  /** A login prompt stands on this port; true when it is the one to show from now on. */
  prompt(port: ConsolePort): boolean {
    this.#prompts.add(port)
    if (port === this.#shown || this.#prompts.has(this.#shown)) return false
    this.#shown = port
    return true
  }
}
