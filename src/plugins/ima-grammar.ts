// The words of an IMA policy, as Linux 6.1 to 6.18 read them.
// Source: Documentation/ABI/testing/ima_policy and security/integrity/ima/ima_policy.c of the kernel.
// Where releases or build options differ, the more generous one counts: refusing a good policy is worse than passing on
// a line that one kernel of many refuses.

export const ACTIONS: readonly string[] = [
  'measure',
  'dont_measure',
  'appraise',
  'dont_appraise',
  'audit',
  'dont_audit',
  'hash',
  'dont_hash',
]

/** Values of func=, old spellings with what they mean today. */
export const HOOKS: ReadonlyMap<string, string> = new Map([
  ['FILE_CHECK', 'FILE_CHECK'],
  ['PATH_CHECK', 'FILE_CHECK'],
  ['MMAP_CHECK', 'MMAP_CHECK'],
  ['FILE_MMAP', 'MMAP_CHECK'],
  ['MMAP_CHECK_REQPROT', 'MMAP_CHECK_REQPROT'],
  ['BPRM_CHECK', 'BPRM_CHECK'],
  ['CREDS_CHECK', 'CREDS_CHECK'],
  ['MODULE_CHECK', 'MODULE_CHECK'],
  ['FIRMWARE_CHECK', 'FIRMWARE_CHECK'],
  ['KEXEC_KERNEL_CHECK', 'KEXEC_KERNEL_CHECK'],
  ['KEXEC_INITRAMFS_CHECK', 'KEXEC_INITRAMFS_CHECK'],
  ['POLICY_CHECK', 'POLICY_CHECK'],
  ['KEXEC_CMDLINE', 'KEXEC_CMDLINE'],
  ['KEY_CHECK', 'KEY_CHECK'],
  ['CRITICAL_DATA', 'CRITICAL_DATA'],
  ['SETXATTR_CHECK', 'SETXATTR_CHECK'],
])

export const MASKS: readonly string[] = ['MAY_EXEC', 'MAY_WRITE', 'MAY_READ', 'MAY_APPEND']

/** Conditions that name a user or group; each also takes > and <. */
export const ID_CONDITIONS: readonly string[] = ['uid', 'euid', 'gid', 'egid', 'fowner', 'fgroup']

export const LSM_CONDITIONS: readonly string[] = [
  'subj_user',
  'subj_role',
  'subj_type',
  'obj_user',
  'obj_role',
  'obj_type',
]

export const CONDITIONS: readonly string[] = [
  'func',
  'mask',
  'fsmagic',
  'fsuuid',
  'fsname',
  'fs_subtype',
  ...ID_CONDITIONS,
  ...LSM_CONDITIONS,
  'digest_type',
  'appraise_type',
  'appraise_flag',
  'appraise_algos',
  'template',
  'pcr',
  'keyrings',
  'label',
]

export const FLAG_WORDS: readonly string[] = ['permit_directio']

export const APPRAISE_TYPES: readonly string[] = ['imasig', 'sigv3', 'imasig|modsig']

/** Built into the kernel (ima_template.c); distributions add their own, such as ima-cgpath. */
export const TEMPLATES: readonly string[] = [
  'ima',
  'ima-ng',
  'ima-ngv2',
  'ima-sig',
  'ima-sigv2',
  'ima-buf',
  'ima-modsig',
  'evm-sig',
]

/** hash_algo_name of crypto/hash_info.c, with the names that were spelled otherwise in older releases. */
export const HASHES: readonly string[] = [
  'md4',
  'md5',
  'sha1',
  'rmd128',
  'rmd160',
  'rmd256',
  'rmd320',
  'sha224',
  'sha256',
  'sha384',
  'sha512',
  'wp256',
  'wp384',
  'wp512',
  'tgr128',
  'tgr160',
  'tgr192',
  'sm3',
  'sm3-256',
  'streebog256',
  'streebog512',
  'sha3-256',
  'sha3-384',
  'sha3-512',
]
