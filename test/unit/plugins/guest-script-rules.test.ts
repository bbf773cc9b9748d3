import { describe, expect, it } from 'vitest'
import { warnOfGuestScript } from '../../../src/plugins/guest-script-rules.js'
import { shellCommands } from '../../../src/plugins/shell-commands.js'

function told(script: string, when: 'before' | 'after' = 'before'): readonly string[] {
  return warnOfGuestScript(script, when).map(({ code, line, column }) => `${code} ${line}:${column}`)
}

describe('warnOfGuestScript', () => {
  it.each([
    ['update-grub', 'REBUILDS_BOOT_FILES 1:1'],
    ['#!/bin/sh\nset -eu\n  /usr/sbin/update-initramfs -u -k all', 'REBUILDS_BOOT_FILES 3:3'],
    ['if command -v update-grub >/dev/null; then update-grub; fi', 'REBUILDS_BOOT_FILES 1:44'],
    ['A=1 sudo update-grub', 'REBUILDS_BOOT_FILES 1:10'],
    ['x=$(update-grub 2>&1)', 'REBUILDS_BOOT_FILES 1:5'],
    ["cat <<'EOF' >x\nreboot\nEOF\nupdate-grub", 'REBUILDS_BOOT_FILES 4:1'],
    ["sed -i 's/quiet//' /etc/default/grub", 'EDITS_GRUB_DEFAULTS 1:1'],
    ['sed --in-place=.old -e s/a/b/ \\\n  /etc/default/grub.d/50-cloudimg-settings.cfg', 'EDITS_GRUB_DEFAULTS 1:1'],
    ['true && reboot', 'ENDS_THE_GUEST 1:9'],
    ['systemctl --no-block poweroff', 'ENDS_THE_GUEST 1:1'],
    ['shutdown -h now', 'ENDS_THE_GUEST 1:1'],
    ['init 6', 'ENDS_THE_GUEST 1:1'],
  ])('warns of %j', (script, warning) => {
    expect(told(script)).toEqual([warning])
  })

  it.each([
    '# update-grub',
    'echo "then update-grub; reboot"',
    "echo 'first\nupdate-grub\n'",
    'cat >/etc/x <<EOF\nupdate-grub\nreboot\nEOF',
    'cat <<-EOF\n\treboot\n\tEOF',
    'command -v update-grub',
    'reboot() {\n  :\n}',
    'case "$1" in\n  reboot) echo no ;;\nesac',
    '[ "$1" = reboot ]',
    'cvm-note reboot',
    'systemctl enable poweroff.service',
    'shutdown -c',
    'sed s/a/b/ /etc/default/grub',
    'sed -i s/a/b/ /etc/default/grub.d/20-mine.cfg',
    'echo update\\\n-grub',
  ])('says nothing of %j', (script) => {
    expect(told(script)).toEqual([])
  })

  it('lets a script of the very end rebuild what it changed, but not end the guest', () => {
    expect(told('update-grub\nreboot\n', 'after')).toEqual(['ENDS_THE_GUEST 2:1'])
  })
})

describe('shellCommands', () => {
  it('ends, and quickly, whatever the text is', () => {
    for (const text of ['"', "'", '<<', '<<EOF', '((((', '))))', '\\', '`'.repeat(3), `${'a"\n'.repeat(20_000)}`]) {
      expect(Array.isArray(shellCommands(text))).toBe(true)
    }
  })
})
