import type { ToolCall } from '../model/host.js'

/**
 * Appends the entries below `dir` that `listFile` names (NUL-separated, relative) to `archive`, with GNU tar.
 *
 * Owner 0:0 whoever builds; modes, links, extended attributes, ACLs and holes are kept. The list names every entry, so there
 * is no `./` entry that would put the mode of a scratch directory onto `/`, and --no-recursion keeps it to the list.
 */
export function appendToTarCall(archive: string, dir: string, listFile: string): ToolCall {
  return {
    tool: 'tar',
    args: [
      ['--append', `--file=${archive}`],
      ['--format=posix', '--pax-option=delete=atime,delete=ctime'],
      ['--owner=0', '--group=0', '--numeric-owner'],
      ['--xattrs', '--xattrs-include=*', '--acls', '--sparse'],
      [`--directory=${dir}`],
      ['--no-recursion', '--null', '--verbatim-files-from', `--files-from=${listFile}`],
    ].flat(),
  }
}

/**
 * Copies entries of a plugin tree as they are, holes and links included, for the private copy that host scripts may change.
 *
 * An entry that is a link itself (a plugin kept elsewhere) is followed: a relative one would lead nowhere from the copy.
 */
export function copyTreeCall(paths: readonly string[], toDir: string): ToolCall {
  return {
    tool: 'cp',
    args: [
      '--recursive',
      '--no-dereference',
      '-H',
      '--preserve=mode,timestamps,links,xattr',
      '--sparse=always',
      '--reflink=auto',
      '--',
      ...paths,
      toDir,
    ],
  }
}
