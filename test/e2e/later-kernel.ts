import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTool } from '../../src/host/run-tool.js'
import { runGuestfish } from '../../src/stages/inside-image.js'
import { program } from './run-program.js'

/**
 * Starts an image itself, with the firmware that was published with it, and has the guest take every signature off its kernel, as
 * one has that comes from nowhere, and run its hooks for new kernels up to ours. Returns the console.
 *
 * @param launch output.launch.json of the rewrite
 */
export async function installKernelInGuest(image: string, launch: string, dir: string): Promise<string> {
  const place = join(dir, 'later')
  await mkdir(place)
  const [script, unit] = [join(place, 'cvm-e2e.sh'), join(place, 'cvm-e2e.service')]
  await writeFile(script, IN_GUEST)
  await writeFile(unit, UNIT)
  const [system, wants] = ['/root/etc/systemd/system', '/root/etc/systemd/system/multi-user.target.wants']
  await runGuestfish({
    disk: { path: image, format: 'qcow2' },
    readOnly: false,
    accel: 'tcg',
    scratchDir: place,
    commands: [
      ['mkmountpoint', '/root'],
      ['mount', '/dev/sda1', '/root'],
      ['upload', script, '/root/etc/cvm-e2e.sh'],
      ['upload', unit, `${system}/cvm-e2e.service`],
      ['mkdir-p', wants],
      ['ln-s', '../cvm-e2e.service', `${wants}/cvm-e2e.service`],
    ],
  })
  const { code, stdout, stderr } = await program(
    'rewrite',
    ['launch', '-i', image, '--launch', launch, '--format', 'script'],
    { cwd: dir },
  )
  if (code !== 0) throw new Error(stderr)
  const start = join(place, 'start.sh')
  await writeFile(start, stdout)
  await chmod(start, 0o700)
  const run = await runTool({ tool: start, args: [place] }, { timeoutMs: BOOT_LIMIT_MS })
  return run.stdout + run.stderr
}

const IN_GUEST = `set -e
kernel=/boot/vmlinuz-$(uname -r)
cp "$kernel" /root/kernel
while sbverify --list /root/kernel | grep -q '^signature'; do sbattach --remove /root/kernel; done
cat /root/kernel >"$kernel"
! sbverify --cert /etc/cvm-image-rewriter/secure-boot/kernel.pem "$kernel"
run-parts --verbose --exit-on-error --regex '^00-' --arg="$(uname -r)" --arg="$kernel" /etc/kernel/postinst.d
echo "cvm-e2e: $(sbverify --list "$kernel" | grep -c '^signature') signature"
rm /root/kernel /etc/systemd/system/multi-user.target.wants/cvm-e2e.service
`

const UNIT = `[Service]
Type=oneshot
ExecStart=/bin/sh /etc/cvm-e2e.sh
ExecStopPost=/usr/bin/systemctl --no-block poweroff
StandardOutput=journal+console
StandardError=journal+console
`
const BOOT_LIMIT_MS = 10 * 60_000
