import type { SnpLaunch } from '../model/launch.js'
import { base64OfHex } from './hex-base64.js'
import { jsonObject } from './qemu-option.js'
import type { TeeMachine } from './tee-machine.js'

/**
 * How QEMU makes an SEV-SNP guest.
 *
 * Source: QEMU 9.1, qapi/qom.json (SevSnpGuestProperties) and docs/system/i386/amd-memory-encryption.rst. VMware's port is off
 * because it reads registers of the guest, which are encrypted.
 */
export function snpMachine(snp: SnpLaunch): TeeMachine {
  return {
    cpu: snp.cpu,
    machineOptions: [`confidential-guest-support=${ID}`, 'vmport=off'],
    memory: 'memory-backend-memfd',
    object: jsonObject({
      'qom-type': 'sev-snp-guest',
      id: ID,
      cbitpos: snp.cbitpos,
      'reduced-phys-bits': snp.reducedPhysBits,
      policy: BigInt(snp.policy),
      'kernel-hashes': snp.kernelHashes,
      'host-data': snp.hostData && base64OfHex(snp.hostData),
      'id-block': snp.idBlock && base64OfHex(snp.idBlock),
      'id-auth': snp.idAuth && base64OfHex(snp.idAuth),
      'author-key-enabled': snp.authorKey || undefined,
    }),
  }
}

const ID = 'sev0'
