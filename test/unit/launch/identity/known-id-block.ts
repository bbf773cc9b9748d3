import { idBlock } from '../../../../src/launch/identity/id-block.js'

/**
 * An ID block with its authentication that another program made and signed.
 *
 * Origin: github.com/virtee/sev (Apache-2.0), tests/id-block.rs at commit 19a96f2c: expected_id_block, the two key digests, and
 * expected_auth_block, of which only the numbers that are not zero stand here.
 */
export const KNOWN = {
  launchDigest: 'a14d638341e5674628fe1e02fbedebe5e5ab4faf1dd72d8966068e615bb99efd13d214b35c231715b38e263dc6059745',
  block:
    'oU1jg0HlZ0Yo/h4C++3r5eWrT68d1y2JZgaOYVu5nv0T0hSzXCMXFbOOJj3GBZdFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAwAAAAAA',
  idKeyDigest: 'WfssaG36T+9J84M5qndckAUcKNVzg93DuvO160sUlt87DbvcuuX+J2d6ZEggdz/i',
  authorKeyDigest: '7tgRafsMteDsNHlPEo/U4MSkb2fGWhrfqB/LJLzAiMJyNpt//D6ytq9qQoShs2xf',
} as const

/** Offset and bytes, both of expected_auth_block. */
const AUTH_PARTS: readonly (readonly [number, string])[] = [
  [0, '01000000'],
  [4, '01000000'],
  [64, 'e5d3bf7d9bf9e061bd4e8f7c6acae05909a9c3c69f04f318f0135eae71ff7d05ef5c8c6b1bc8c047613a7b6f01b738da'],
  [136, 'd4194dca67de8381ec6d267c032b03dd3c1f5eafa6aa61e92964e5548bef332b1ae921f26de16ac33b642744d197a5d8'],
  [576, '02000000'],
  [580, '1f6d3c80b8fb9ef29ff7dd47e8de3fcb95dd90438768b1932c55233c0c475df54ccab8c82c2ff22c1bcf09264d3e76f6'],
  [652, '3ebe939c38350b08cd9bda503c85380dfd7c6012f71966767b3214cbdea837ad1d6dbe0a19b150c7c1cdb947d0a8d7cc'],
  [1664, 'bb887b94557f568689ff4855c3f7ed99810c3d54ecd429651134dc18dd020ecaa771a34cb97666771aa31f0eb462ea99'],
  [1736, 'f261e8b95da71b2a35425f48a219a77dbb0fee252f64d18ce99888b9fb4f70b104011b7dfea3e0349371a2bfaf6f9133'],
  [2176, '02000000'],
  [2180, '8c8645dad57349a3c5ffc6c1a5f74a569f0f833c078bb22cd79474f0fe92ce716a73985ba2996233d14c90d68bc77062'],
  [2252, 'f5ac8771e0911103c9f2a2fe484377192accb388cc3afdb759b5563ecd08935fa9e2028108107aa74884c9a230793c86'],
]

/** A fresh copy of its 4096 bytes. */
export function knownAuth(): Buffer {
  const bytes = Buffer.alloc(4096)
  for (const [at, hex] of AUTH_PARTS) bytes.write(hex, at, 'hex')
  return bytes
}

/** An ID block; what is not given is as in the known one. */
export function aBlock(content: Partial<Parameters<typeof idBlock>[0]> = {}): Buffer {
  return idBlock({
    launchDigest: Buffer.from(KNOWN.launchDigest, 'hex'),
    familyId: Buffer.alloc(16),
    imageId: Buffer.alloc(16),
    guestSvn: 0,
    policy: 0x30000n,
    ...content,
  })
}
