/** Why no file below it can get a label that lasts; undefined for a directory of the guest's disk. The value is not repeated. */
export function wrongLabelDirectory(path: string): string | undefined {
  if (!/^\/[^\u0000-\u001f\u007f]{1,1023}$/.test(path) || path.endsWith('/'))
    return 'is not an absolute path of a directory'
  const names = path.slice(1).split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    return 'has an empty, "." or ".." step in its path'
  const [first = ''] = names
  return NOT_ON_DISK.has(first) ? `/${first} is made anew at every boot; nothing in it keeps a label` : undefined
}

/** Mount points of systemd's API file systems: https://systemd.io/API_FILE_SYSTEMS */
const NOT_ON_DISK: ReadonlySet<string> = new Set(['proc', 'sys', 'dev', 'run'])
