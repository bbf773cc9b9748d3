import type { ToolCall } from '../model/host.js'

/** Copies a whole file into the middle of a disk image, which must hold zeros there: those of the file are left out. */
export function copyIntoCall(file: string, disk: string, offsetBytes: number): ToolCall {
  return {
    tool: 'dd',
    args: [`if=${file}`, `of=${disk}`, 'bs=1M', `seek=${offsetBytes}`, 'oflag=seek_bytes', 'conv=notrunc,sparse'],
  }
}
