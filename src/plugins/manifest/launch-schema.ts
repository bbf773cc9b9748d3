import { z } from 'zod'
import type { LaunchKey } from '../../model/launch.js'
import { LAUNCH_READERS } from '../../model/launch-values.js'
import type { Reading } from '../../model/reading.js'

// `vm` and `launch-identity` of a plugin.yaml, and of launch files. Values are checked by the readers that flags have, too; a plugin
// may have the name of an option in the place of a value, which is checked when it is known.

/** The keys of `vm` and `launch-identity`; with `options`, values may be `$NAME`. */
export function launchKinds(options: boolean) {
  const text = (key: LaunchKey) => checkedText(key, options)
  const textOrNumber = (key: LaunchKey) => z.union([z.int(), z.string()]).refine(reads(key, options), told(key))
  const yesOrNo = () => (options ? z.union([z.boolean(), optionName]) : z.boolean())
  const word = <const Word extends string>(...words: readonly [Word, ...Word[]]) =>
    options ? z.union([z.enum(words), optionName]) : z.enum(words)

  const network = z
    .strictObject({
      type: word('user', 'bridge', 'none')
        .exactOptional()
        .describe(
          'What it is: user, a network of its own behind this host; bridge, a bridge of this host; none, no card.',
        ),
      cidr: text('cidr').exactOptional().describe('Of the user network, such as 10.0.2.0/24.'),
      'dhcp-start': text('dhcpStart').exactOptional().describe('The first address that the user network gives.'),
      bridge: text('bridge').exactOptional().describe('The name of a bridge of this host, such as br0.'),
      mac: text('mac').exactOptional().describe('The address of the card, in quotes, such as "52:54:00:12:34:56".'),
      forward: z
        .array(textOrNumber('forwards'))
        .exactOptional()
        .describe('TCP ports of 127.0.0.1 that lead to the guest: "2222:22", or 22 for a free port of this host.'),
    })
    .describe('The network card.')

  const firmware = z
    .strictObject({
      type: word('bios', 'uefi', 'rom')
        .exactOptional()
        .describe(
          'What it is: bios; uefi, code and variables in two files; rom, both in one, which TDX and SEV-SNP need.',
        ),
      code: text('firmwareCode')
        .exactOptional()
        .describe('The code of a UEFI; this host has one when it is not given.'),
      vars: text('firmwareVars').exactOptional().describe('The template of its variable store; it is copied.'),
      image: text('firmwareImage').exactOptional().describe('The one file of a rom, such as OVMF.fd.'),
    })
    .describe('What starts the guest.')

  const disk = z
    .strictObject({
      path: text('firmwareCode').describe('A file.'),
      format: word('qcow2', 'raw').exactOptional().describe('Without it, what the first bytes of the file say.'),
      'read-only': yesOrNo().exactOptional().describe('The guest cannot write to it; false is the default.'),
    })
    .describe('A disk beside the image.')

  const vm = z
    .strictObject({
      vcpus: textOrNumber('vcpus').exactOptional().describe('How many virtual CPUs, 1 to 1024.'),
      memory: text('memoryMiB').exactOptional().describe('Memory with its unit, such as 8G.'),
      hugepages: yesOrNo().exactOptional().describe("The memory comes from this host's huge pages."),
      network: network.exactOptional(),
      firmware: firmware.exactOptional(),
      'secure-boot': yesOrNo().exactOptional().describe('The firmware starts signed programs only.'),
      tpm: yesOrNo().exactOptional().describe('A TPM, which swtpm plays on this host.'),
      'boot-menu-wait': textOrNumber('bootMenuWaitSeconds')
        .exactOptional()
        .describe(
          "How many seconds the firmware's boot menu waits, 0 to 65; OVMF makes its variable Timeout of it. Without it there is no menu.",
        ),
      kernel: text('kernel').exactOptional().describe('A kernel that is started directly, without a boot loader.'),
      initrd: text('initrd').exactOptional().describe('The initrd of that kernel.'),
      cmdline: text('cmdline').exactOptional().describe('The command line of that kernel.'),
      disks: z.array(disk).exactOptional().describe('Disks beside the image.'),
      vsock: textOrNumber('vsockCid')
        .exactOptional()
        .describe('A vsock device: its context id, from 3 on, or free for one that no other guest has.'),
      'quote-service': text('quoteService')
        .exactOptional()
        .describe('Who makes the quotes of a TD: vsock:CID:PORT, such as vsock:2:4050, or unix:/PATH.'),
      debug: yesOrNo().exactOptional().describe('A TD whose memory this host can read: for debugging only.'),
    })
    .describe('The virtual machine that the image is started in.')

  const identity = (key: LaunchKey, what: string) =>
    text(key)
      .exactOptional()
      .describe(`${what}, in hex or base64, or what it is made of: file:PATH, pubkey:PATH, json:PATH.`)
  const launchIdentity = z
    .strictObject({
      mrowner: identity('mrowner', 'MROWNER of a TD, 48 bytes'),
      mrconfigid: identity('mrconfigid', 'MRCONFIGID of a TD, 48 bytes'),
      mrownerconfig: identity('mrownerconfig', 'MROWNERCONFIG of a TD, 48 bytes'),
      'host-data': identity('hostData', 'HOST_DATA of an SEV-SNP guest, 32 bytes'),
      'id-block': text('idBlock').exactOptional().describe('A file with the ID block of an SEV-SNP guest, or hex:….'),
      'id-auth': text('idAuth').exactOptional().describe('A file with its ID auth structure, or hex:….'),
      policy: textOrNumber('policy').exactOptional().describe('The policy of an SEV-SNP guest, such as 0x30000.'),
      'kernel-hashes': yesOrNo()
        .exactOptional()
        .describe('SEV-SNP: kernel, initrd and command line of a direct boot are measured.'),
      cpu: text('snpCpu').exactOptional().describe("SEV-SNP: QEMU's CPU model, which is measured, such as EPYC-v4."),
    })
    .describe('Values that the hardware of a confidential guest reports.')

  return { vm, 'launch-identity': launchIdentity }
}

const fileKinds = launchKinds(false)

/** A launch file, and output.launch.json. */
export const launchFileSchema = z
  .strictObject({
    tee: z.enum(['none', 'tdx', 'snp']).exactOptional().describe('What protects the guest: none, tdx or snp.'),
    image: z
      .string()
      .min(1)
      .exactOptional()
      .describe('The image. This path and all others are seen from the directory of this file.'),
    vm: fileKinds.vm.exactOptional(),
    'launch-identity': fileKinds['launch-identity'].exactOptional(),
    origins: z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('Where each value is from, by key; a rewrite writes it.'),
    'made-from': z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('What each identity was made from, by key; a rewrite writes it.'),
  })
  .describe('How an image is started: the virtual machine, what protects it, its identity.')

/** The published JSON Schema (draft 2020-12), with a line break at its end. */
export function launchFileJsonSchema(): string {
  const schema = z.toJSONSchema(launchFileSchema)
  return `${JSON.stringify({ ...schema, title: 'launch file of cvm-image-rewriter' }, undefined, 2)}\n`
}

const optionName = z.string().regex(/^\$[A-Z][A-Z0-9_]*$/, 'is neither a value nor the name of an option')

function checkedText(key: LaunchKey, options: boolean) {
  return z.string().refine(reads(key, options), told(key))
}

function reads(key: LaunchKey, options: boolean): (value: string | number) => boolean {
  return (value) => (options && String(value).includes('$')) || 'value' in readingOf(key, value)
}

function told(key: LaunchKey): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return {
    error: ({ input }) => {
      const reading = readingOf(key, typeof input === 'number' ? input : String(input))
      return 'wrong' in reading ? reading.wrong : 'is not allowed here'
    },
  }
}

function readingOf(key: LaunchKey, value: string | number): Reading<unknown> {
  return LAUNCH_READERS[key](String(value))
}
