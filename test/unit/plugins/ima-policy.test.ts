import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTIONS, CONDITIONS, HOOKS } from '../../../src/plugins/ima-grammar.js'
import { checkImaPolicy } from '../../../src/plugins/ima-policy.js'

/** The examples of the kernel's own documentation and its built-in policies (ima_policy.c), one rule a line. */
const ACCEPTED = `
# PROC_SUPER_MAGIC
dont_measure fsmagic=0x9fa0
dont_appraise fsmagic=0x62656572
  # an indented comment
\tmeasure func=BPRM_CHECK
measure func=MMAP_CHECK mask=MAY_EXEC
measure func=FILE_MMAP mask=MAY_EXEC
measure func=BPRM_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=^MAY_READ euid=0
measure func=FILE_CHECK mask=^MAY_READ uid=0
measure func=FILE_CHECK mask=MAY_READ uid>999 gid<1000
measure func=PATH_CHECK mask=MAY_READ uid=0
measure func=MODULE_CHECK
measure func=FIRMWARE_CHECK
measure func=POLICY_CHECK
measure func=KEXEC_CMDLINE
measure func=KEY_CHECK keyrings=.builtin_trusted_keys|.ima pcr=11
measure func=KEY_CHECK keyrings=.ima template=ima-buf
measure func=CRITICAL_DATA label=selinux
measure func=CRITICAL_DATA label=kernel_info|x uid=0
measure func=FILE_CHECK digest_type=verity template=ima-ngv2
measure func=KEXEC_KERNEL_CHECK pcr=4
measure func=KEXEC_KERNEL_CHECK template=ima-modsig
measure fsuuid=8bcbe394-4f13-4144-be8e-5aa9ea2ce2f6
measure fsname=rootfs template=ima-cgpath
measure subj_user=system_u func=FILE_CHECK mask=MAY_READ
measure subj_user=_ func=FILE_CHECK mask=MAY_READ
dont_appraise obj_type=var_log_t
appraise
appraise fowner=0
appraise fowner=0 appraise_type=imasig
appraise func=MODULE_CHECK appraise_type=imasig|modsig
appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig|modsig appraise_flag=check_blacklist
appraise func=POLICY_CHECK appraise_type=imasig
appraise func=SETXATTR_CHECK appraise_algos=sha256,sha384,sha512
appraise func=BPRM_CHECK digest_type=verity appraise_type=sigv3
appraise func=BPRM_CHECK appraise_algos=sha256 permit_directio fgroup=0
audit func=BPRM_CHECK
dont_audit uid=1
hash func=MODULE_CHECK
dont_hash fsmagic=01021994
measure \t uid=+0  `

function first(text: string): string {
  const [problem] = checkImaPolicy(text)
  return problem === undefined ? 'accepted' : `${problem.line}: ${problem.what}`
}

describe('checkImaPolicy', () => {
  it.each(ACCEPTED.split('\n').filter((line) => /^[a-z\t]/.test(line)))('accepts %j', (line) => {
    expect(checkImaPolicy(line)).toEqual([])
  })

  it('accepts a whole policy with comments and blank lines', () => {
    expect(checkImaPolicy(ACCEPTED)).toEqual([])
  })

  it.each([
    ['meassure func=BPRM_CHECK', 'unknown word "meassure"; did you mean measure?'],
    ['measure func=BPRM_CHEK', 'did you mean BPRM_CHECK?'],
    ['measure func=bprm_check', 'did you mean BPRM_CHECK?'],
    ['measure BPRM_CHECK', 'did you mean func=BPRM_CHECK?'],
    ['measure fnc=BPRM_CHECK', 'did you mean func=?'],
    ['measure func=FILE_CHECK mask=MAY_RED', 'did you mean MAY_READ?'],
    ['measure mask=MAY_READ|MAY_EXEC', 'unknown mask'],
    ['measure # all', 'a comment must stand on a line of its own'],
    ['measure func=', 'needs a value'],
    ['measure uid!=0', 'uid takes =, < or >'],
    ['measure uid=root', 'needs a decimal number'],
    ['measure uid=-1', 'needs a decimal number'],
    ['measure uid=4294967295', 'too large'],
    ['measure func>BPRM_CHECK', 'unknown word'],
    ['func=BPRM_CHECK', 'no action'],
    ['measure appraise', 'two actions'],
    ['measure func=BPRM_CHECK func=MMAP_CHECK', 'func is given twice'],
    ['measure uid=0 euid=0', 'euid and uid in one rule'],
    ['measure euid=0 uid=0', 'uid and euid in one rule'],
    ['measure egid=0 gid=0', 'gid and egid in one rule'],
    ['measure gid=0 egid=0', 'egid and gid in one rule'],
    ['measure fsmagic=proc', 'hexadecimal'],
    ['measure fsmagic=0x', 'hexadecimal'],
    ['measure fsmagic=0x12345678123456789', '64 bits'],
    ['measure fsuuid=8bcbe394', 'UUID'],
    ['measure pcr=64', '0 to 63'],
    ['measure pcr=x', '0 to 63'],
    ['appraise pcr=10', 'pcr= goes only with measure'],
    ['dont_measure template=ima-ng', 'template= goes only with measure'],
    ['template=ima-ng measure', 'must stand after the action'],
    ['measure template=ima-gn', 'did you mean ima-ng?'],
    ['measure template=ima-ng template=ima-ng', 'twice'],
    ['measure appraise_type=imasig', 'goes only with appraise'],
    ['appraise appraise_type=imasigs', 'did you mean imasig?'],
    ['measure appraise_algos=sha256', 'goes only with appraise'],
    ['appraise appraise_algos=sha265', 'unknown hash algorithm "sha265"'],
    ['appraise func=KEXEC_CMDLINE', 'goes only with measure and dont_measure'],
    ['measure func=KEXEC_CMDLINE mask=MAY_READ', 'mask does not go with func=KEXEC_CMDLINE'],
    ['audit func=KEY_CHECK', 'goes only with measure'],
    ['measure keyrings=.ima', 'keyrings= goes only with func=KEY_CHECK'],
    ['measure func=KEY_CHECK keyrings=.ima||x', 'empty item'],
    ['measure func=KEY_CHECK obj_type=x', 'obj_type does not go'],
    ['measure func=BPRM_CHECK label=x', 'label= goes only'],
    ['appraise func=SETXATTR_CHECK', 'needs appraise_algos='],
    ['measure func=SETXATTR_CHECK', 'goes only with appraise'],
    ['appraise func=SETXATTR_CHECK appraise_algos=sha256 uid=0', 'uid does not go'],
    ['appraise digest_type=verity', 'needs appraise_type=sigv3'],
    ['appraise digest_type=verity appraise_type=imasig', 'use sigv3'],
    ['appraise appraise_type=sigv3 digest_type=verity', 'must stand before'],
    ['measure func=FILE_CHECK\r', 'CR'],
    ['measure\0', 'NUL'],
    [`measure fsname=${'x'.repeat(4096)}`, '4095 bytes'],
  ])('refuses %j', (line, words) => {
    expect(first(`# comment\n\n${line}\n`)).toMatch(/^3: /)
    expect(first(`# comment\n\n${line}\n`)).toContain(words)
  })

  it('refuses a policy without a rule, as the kernel does', () => {
    expect(first('# nothing\n\n')).toContain('0: has no rule')
  })

  it('tells every wrong line, not only the first', () => {
    expect(checkImaPolicy('mesure\nmeasure\nappraize\n').map(({ line }) => line)).toEqual([1, 3])
  })

  it('accepts any action with any hook when nothing else is asked, but for the hooks that only measure or appraise', () => {
    const special = new Set(['KEXEC_CMDLINE', 'KEY_CHECK', 'CRITICAL_DATA', 'SETXATTR_CHECK'])
    for (const action of ACTIONS) {
      for (const hook of HOOKS.keys()) {
        if (!special.has(hook)) expect(first(`${action} func=${hook}`)).toBe('accepted')
      }
    }
  })

  it('has an answer for any words', () => {
    const word = fc.oneof(
      fc.constantFrom(...ACTIONS),
      fc
        .tuple(fc.constantFrom(...CONDITIONS), fc.constantFrom('=', '<', '>'), fc.string())
        .map((parts) => parts.join('')),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word), (words) => {
        for (const { line, what } of checkImaPolicy(words.join(' '))) {
          expect(line).toBeGreaterThanOrEqual(0)
          expect(what).not.toBe('')
        }
      }),
    )
  })
})
