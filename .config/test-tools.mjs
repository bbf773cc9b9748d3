// Before the tests: the Debian packages that they use. As root they are installed, else the one line is printed.
import { spawnSync } from 'node:child_process'
import { accessSync, readdirSync, readFileSync } from 'node:fs'
import { demoPackages, otherGuestPackages } from '../dist/demo/demo-guest.js'
import { aptLine, MORE_PACKAGES, TOOLS } from '../dist/stages/tools-needed.js'

const wanted = [
  ...TOOLS.map((row) => row.package),
  ...MORE_PACKAGES,
  ...demoPackages,
  ...otherGuestPackages,
  'shellcheck',
  'openssh-client',
  'python3',
  'util-linux',
  'swtpm',
  'swtpm-tools',
  'sbsigntool',
  'openssl',
  'libxml2-utils',
  ...(process.argv[2] === 'e2e' ? guestfsPackages() : []),
]
const missing = [...new Set(wanted)].filter((name) => {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' })
  return stdout !== 'installed'
})
if (missing.length > 0) {
  const hasApt = (() => {
    try {
      accessSync('/usr/bin/apt-get')
      return true
    } catch {
      return false
    }
  })()
  if (process.getuid() !== 0 || !hasApt) {
    console.error(
      `The tests need packages that are not installed: ${missing.join(', ')}\n  next: sudo ${aptLine(missing)}`,
    )
    process.exit(3)
  }
  console.error(aptLine(missing))
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const update = spawnSync('apt-get', ['update', '-q'], { stdio: 'inherit', env })
  const install = spawnSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], {
    stdio: 'inherit',
    env,
  })
  if (update.status !== 0 || install.status !== 0) process.exit(3)
}

/** libguestfs starts a kernel of this machine; a container has none. */
function guestfsPackages() {
  if (readdirSync('/boot').some((name) => name.startsWith('vmlinuz'))) return ['guestfs-tools']
  const isUbuntu = /^ID=ubuntu$/m.test(readFileSync('/etc/os-release', 'utf8'))
  return ['guestfs-tools', isUbuntu ? 'linux-image-virtual' : 'linux-image-cloud-amd64']
}
