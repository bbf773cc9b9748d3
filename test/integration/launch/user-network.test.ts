import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { dhcpMistake, readCidr } from '../../../src/model/launch-network.js'

/** What QEMU says against a user network; undefined when it takes it. */
async function qemuObjection(cidr: string, dhcpStart: string): Promise<string | undefined> {
  const netdev = `user,id=n,net=${cidr},dhcpstart=${dhcpStart}`
  const args = ['-machine', 'none', '-display', 'none', '-nodefaults', '-monitor', 'stdio', '-netdev', netdev]
  return await new Promise((resolve) => {
    const child = execFile('qemu-system-x86_64', args, { timeout: 20_000 }, (error, _, stderr) =>
      resolve(error === null ? undefined : stderr),
    )
    child.stdin?.end('quit\n')
  })
}

describe('the first DHCP address of a user network', () => {
  it.each([
    ['10.0.2.0/24', '10.0.2.15'],
    ['10.0.2.0/24', '10.0.2.2'],
    ['10.0.2.0/24', '10.0.2.3'],
    ['10.0.2.0/24', '10.0.3.15'],
    ['10.9.0.0/16', '10.9.0.2'],
    ['10.9.0.0/16', '10.9.2.2'],
    ['10.9.0.0/16', '10.9.2.3'],
    ['172.16.5.224/27', '172.16.5.226'],
    ['172.16.5.224/27', '172.16.5.239'],
  ])('is judged as QEMU does: %s %s', async (cidr, dhcpStart) => {
    expect(readCidr(cidr)).toEqual({ value: cidr })
    expect(dhcpMistake(dhcpStart, cidr) === undefined).toBe((await qemuObjection(cidr, dhcpStart)) === undefined)
  })
})
