import type { Command } from 'commander'
import { Option } from 'commander'
import { DEFAULT_SNP_POLICY, policyText } from '../model/snp-policy.js'
import type { IdentityMakeOptions } from './identity-make.js'
import type { IdentityShowOptions } from './identity-show.js'
import { strict } from './usage-error.js'

/** Adds `identity show` and `identity make`; `choose` gets what is to be done. */
export function registerIdentityCommand(program: Command, choose: (action: () => Promise<number>) => void): void {
  const identity = strict(program.command('identity')).description(
    'identity show, make: what a launch says about whose guest it is; see docs/identity.md',
  )
  strict(identity.command('show'))
    .description('show values as a launch takes them, or read and verify an ID block')
    .option('--mrowner <value>', 'TDX, 48 bytes')
    .option('--mrconfigid <value>', 'TDX, 48 bytes')
    .option('--mrownerconfig <value>', 'TDX, 48 bytes')
    .option('--host-data <value>', 'SEV-SNP, 32 bytes')
    .option('--family-id <value>', 'SEV-SNP, 16 bytes of the ID block')
    .option('--image-id <value>', 'SEV-SNP, 16 bytes of the ID block')
    .option('--id-block <file>', 'ID block of SEV-SNP: 96 bytes, or base64 of them')
    .option('--id-auth <file>', 'its authentication: 4096 bytes, or base64 of them')
    .option('--json', 'exactly one JSON object on stdout')
    .addHelpText('after', VALUE_HELP)
    .action((options: IdentityShowOptions) =>
      choose(async () => (await import('./identity-show.js')).identityShow(options)),
    )
  strict(identity.command('make'))
    .description('make the ID block of an SEV-SNP guest and sign it')
    .requiredOption('--launch-digest <value>', 'the digest that the guest will have: 48 bytes in hex or base64')
    .option('--id-key <pem>', 'private P-384 key that signs the ID block')
    .addOption(new Option('--new-key <file>', 'make the id key, and keep it there (mode 0600)').conflicts('idKey'))
    .option('--author-key <pem>', 'private P-384 key that signs the id key')
    .option('--family-id <value>', '16 bytes in hex or base64, or text:NAME (default: zeros)')
    .option('--image-id <value>', '16 bytes in hex or base64, or text:NAME (default: zeros)')
    .option('--guest-svn <n>', 'security version of the guest, 0 to 4294967295', '0')
    .option('--policy <bits>', 'policy of the guest, in hex with 0x or decimal', policyText(DEFAULT_SNP_POLICY))
    .requiredOption('-o, --output <place>', 'a directory, or the beginning of the names of the two files')
    .option('-f, --force', 'replace files that are there')
    .option('--json', 'exactly one JSON object on stdout')
    .addHelpText('after', MAKE_HELP)
    .action((options: IdentityMakeOptions) =>
      choose(async () => (await import('./identity-make.js')).identityMake(options)),
    )
}

const VALUE_HELP = `
Values:
  00ff…  or 0x00ff…, AP8…   hex, base64; hex:… and base64:… say which
  pad:…                     a SHA-256 in hex or base64, zeros on the right to 48 bytes
  file:PATH                 SHA-384 of the bytes of a file (SHA-256 for --host-data)
  pubkey:PATH               that digest of a public key, or of the one in a certificate (PEM; DER SubjectPublicKeyInfo)
  json:PATH                 that digest of a JSON document in canonical form (RFC 8785)
  text:NAME                 for the two ids: up to 16 bytes, zeros on the right
Exit code 8 when a signature does not hold or the firmware would refuse the ID block.`

const MAKE_HELP = `
DIR/id-block.bin and DIR/id-auth.bin are made, or PLACE.id-block.bin and PLACE.id-auth.bin when PLACE is no directory.

Example:
  cvm-rewrite identity make --launch-digest DIGEST --new-key id-key.pem --image-id text:web-1 -o guest`
