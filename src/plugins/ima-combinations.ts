import { HOOKS, ID_CONDITIONS, LSM_CONDITIONS } from './ima-grammar.js'

/** A rule whose words are each right: its action and, per condition, the value. */
export interface ImaRule {
  readonly action: string
  readonly conditions: ReadonlyMap<string, string>
}

/** What the kernel refuses although every single word is right (ima_validate_rule); undefined when it takes the rule. */
export function wrongCombination(rule: ImaRule): string | undefined {
  const hook = HOOKS.get(rule.conditions.get('func') ?? '')
  return wrongForAction(rule) ?? wrongForHook(rule, hook) ?? wrongSignature(rule)
}

function wrongForAction({ action, conditions }: ImaRule): string | undefined {
  for (const name of ['pcr', 'template']) {
    if (conditions.has(name) && action !== 'measure') return `${name}= goes only with measure, not with ${action}`
  }
  for (const name of ['appraise_type', 'appraise_algos']) {
    if (conditions.has(name) && action !== 'appraise') return `${name}= goes only with appraise, not with ${action}`
  }
  return undefined
}

function wrongForHook({ action, conditions }: ImaRule, hook: string | undefined): string | undefined {
  if (conditions.has('keyrings') && hook !== 'KEY_CHECK') return 'keyrings= goes only with func=KEY_CHECK'
  if (conditions.has('label') && hook !== 'CRITICAL_DATA') return 'label= goes only with func=CRITICAL_DATA'
  const measuresOnly = hook === 'KEXEC_CMDLINE' || hook === 'KEY_CHECK' || hook === 'CRITICAL_DATA'
  if (measuresOnly && action !== 'measure' && action !== 'dont_measure') {
    return `func=${hook} goes only with measure and dont_measure, not with ${action}`
  }
  if (hook === 'SETXATTR_CHECK' && action !== 'appraise')
    return `func=SETXATTR_CHECK goes only with appraise, not with ${action}`
  if (hook === 'SETXATTR_CHECK' && !conditions.has('appraise_algos')) return 'func=SETXATTR_CHECK needs appraise_algos='
  const allowed = hook === undefined ? undefined : ALLOWED_WITH_HOOK.get(hook)
  const other = allowed === undefined ? undefined : [...conditions.keys()].find((name) => !allowed.includes(name))
  return other === undefined ? undefined : `${other} does not go with func=${hook}`
}

function wrongSignature({ action, conditions }: ImaRule): string | undefined {
  const type = conditions.get('appraise_type')
  if (!conditions.has('digest_type')) return undefined
  if (type === 'imasig' || type === 'imasig|modsig')
    return `digest_type=verity does not go with appraise_type=${type}; use sigv3`
  return action === 'appraise' && type === undefined
    ? 'digest_type=verity with appraise needs appraise_type=sigv3'
    : undefined
}

/** Hooks that take only a few conditions. appraise_flag stands with all of them, since newer kernels read over it. */
const ALLOWED_WITH_HOOK: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'KEXEC_CMDLINE',
    [
      'func',
      'fsmagic',
      'fsuuid',
      'fsname',
      'fs_subtype',
      'pcr',
      'template',
      'appraise_flag',
      ...ID_CONDITIONS,
      ...LSM_CONDITIONS,
    ],
  ],
  ['KEY_CHECK', ['func', 'uid', 'gid', 'pcr', 'template', 'keyrings', 'appraise_flag']],
  ['CRITICAL_DATA', ['func', 'uid', 'gid', 'pcr', 'template', 'label', 'appraise_flag']],
  ['SETXATTR_CHECK', ['func', 'appraise_algos', 'appraise_flag']],
])
