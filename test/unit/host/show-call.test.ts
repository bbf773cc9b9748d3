import { expect, it } from 'vitest'
import { showCall } from '../../../src/host/show-call.js'

it('quotes only what a shell would read differently', () => {
  const call = { tool: 'qemu-img', args: ['info', '-f', 'qcow2', "it's here.qcow2", '$HOME', ''] }

  expect(showCall(call)).toBe(`qemu-img info -f qcow2 'it'\\''s here.qcow2' '$HOME' ''`)
})

it('stays one line whatever is in an argument', () => {
  expect(showCall({ tool: 'echo', args: ["a\nb'\u001b[31m"] })).toBe("echo $'a\\x0ab\\'\\x1b[31m'")
})

it('shows directory and variables, but no secrets', () => {
  const call = { tool: 'sh', args: ['x.sh'], cwd: '/a b', env: { CVM_USER: 'me', CVM_PASSWORD: 'hunter2' } }

  expect(showCall(call)).toBe("(cd '/a b' && CVM_USER=me CVM_PASSWORD=… sh x.sh)")
})
