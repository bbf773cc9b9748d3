/** What a TEE asks of QEMU's machine. */
export interface TeeMachine {
  /** The model for `-cpu`. */
  readonly cpu: string
  /** Of `-machine`. */
  readonly machineOptions: readonly string[]
  /** Type of the backend of the guest's memory. */
  readonly memory: string
  /** For `-object`. */
  readonly object: string
}
