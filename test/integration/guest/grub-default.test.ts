import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool } from '../../../src/host/run-tool.js'

const SCRIPT = new URL('../../../cloud-init/guest/grub-default.sh', import.meta.url).pathname
let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cvm-grub-'))
})
afterEach(async () => await rm(dir, { recursive: true, force: true }))

/** As grub-mkconfig 2.12 of Debian 13 writes it for two kernels, with little left out. */
const config = (wanted: string) => `
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set boot_once=true
else
   set default="${wanted}"
fi
function savedefault {
  if [ -z "\${boot_once}" ]; then
    saved_entry="\${chosen}"
  fi
}
menuentry 'Debian GNU/Linux' --class os $menuentry_id_option 'gnulinux-simple-11' {
	insmod gzio
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	linux	/boot/vmlinuz-6.12 root=UUID=11 ro
}
submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option 'gnulinux-advanced-11' {
	menuentry 'Debian GNU/Linux, with Linux 6.12' --class os $menuentry_id_option 'gnulinux-6.12-advanced-11' {
		linux	/boot/vmlinuz-6.12 root=UUID=11 ro
	}
	menuentry 'Debian GNU/Linux, with Linux 6.12 (recovery mode)' $menuentry_id_option 'gnulinux-6.12-recovery-11' {
		linux	/boot/vmlinuz-6.12 root=UUID=11 ro single
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1' --class os $menuentry_id_option 'gnulinux-6.1-advanced-11' {
		linux	/boot/vmlinuz-6.1 root=UUID=11 ro
	}
}
menuentry 'Old' {
	linux16 /vmlinuz-5.10 root=UUID=11
}
`

async function bootedBy(wanted: string, grubenv = '') {
  await writeFile(join(dir, 'grub.cfg'), config(wanted))
  await writeFile(join(dir, 'grubenv'), grubenv)
  return await runTool({ tool: SCRIPT, args: [join(dir, 'grub.cfg')] }, { timeoutMs: 20_000 })
}

describe('grub-default.sh', () => {
  it.each([
    ['a place', '0', '6.12'],
    ['a place below a submenu', '1>2', '6.1'],
    ['a place behind a submenu', '2', '5.10'],
    ['ids', 'gnulinux-advanced-11>gnulinux-6.1-advanced-11', '6.1'],
    ['titles', 'Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux 6.1', '6.1'],
    ['nothing', '', '6.12'],
  ])('finds the kernel of an entry named by %s', async (_, wanted, kernel) => {
    expect(await bootedBy(wanted)).toMatchObject({ exitCode: 0, stdout: `${kernel}\n` })
  })

  it('follows an entry that was saved', async () => {
    expect((await bootedBy('${saved_entry}', 'saved_entry=1>2\n')).stdout).toBe('6.1\n')
  })

  it.each(['gnulinux-6.1-advanced-11', '1>9', '7', 'gnulinux-advanced-11'])(
    'fails for %s, which leads to no entry: grub would take another one',
    async (wanted) => {
      expect(await bootedBy(wanted)).toMatchObject({ exitCode: 1, stdout: `no entry is ${wanted}\n` })
    },
  )
})
