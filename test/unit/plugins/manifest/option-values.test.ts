import { describe, expect, it } from 'vitest'
import type { PluginOption } from '../../../../src/model/manifest.js'
import { readOptionValue } from '../../../../src/plugins/manifest/option-values.js'

type Type = Pick<PluginOption, 'type' | 'of' | 'values'>
const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA${'A'.repeat(20)}= me@host: laptop #1`

describe('readOptionValue', () => {
  it.each<[Type, string, string]>([
    [{ type: 'string' }, 'any: "words" $here; #1', 'any: "words" $here; #1'],
    [{ type: 'integer' }, '-12', '-12'],
    [{ type: 'integer' }, '0', '0'],
    [{ type: 'boolean' }, 'yes', 'true'],
    [{ type: 'boolean' }, '1', 'true'],
    [{ type: 'boolean' }, 'no', 'false'],
    [{ type: 'size' }, '50G', '50G'],
    [{ type: 'size' }, '1024K', '1024K'],
    [{ type: 'path' }, '/', '/'],
    [{ type: 'enum', values: ['red', 'light blue'] }, 'light blue', 'light blue'],
    [{ type: 'ssh-key' }, KEY, KEY],
    [{ type: 'user' }, '_svc-1', '_svc-1'],
    [{ type: 'list' }, 'a b\n\n  c,d \n', 'a b\nc,d'],
    [{ type: 'list', of: 'integer' }, '1, 2\n3,', '1\n2\n3'],
    [{ type: 'list', of: 'boolean' }, 'yes,no', 'true\nfalse'],
    [{ type: 'list', of: 'enum', values: ['a,b', 'c'] }, 'a,b\nc', 'a,b\nc'],
    [{ type: 'list', of: 'user' }, ' , ', ''],
  ])('takes as %j the text %j', async (option, text, value) => {
    expect(await readOptionValue(option, text)).toEqual({ value })
  })

  it.each<[Type, string, string]>([
    [{ type: 'string' }, 'two\nlines', 'has a control character, such as a line break'],
    [{ type: 'string' }, 'a\u001bb', 'has a control character, such as a line break'],
    [{ type: 'integer' }, '1.5', 'is not a whole number'],
    [{ type: 'integer' }, '0x10', 'is not a whole number'],
    [{ type: 'integer' }, '012', 'is not a whole number'],
    [{ type: 'integer' }, '9'.repeat(16), 'is not a whole number'],
    [{ type: 'boolean' }, 'True!', 'is not true or false'],
    [{ type: 'size' }, '50G; rm -rf ~', 'is not a whole number with K, M, G or T, such as 50G'],
    [{ type: 'size' }, '0G', 'is not a whole number with K, M, G or T, such as 50G'],
    [{ type: 'path' }, 'etc/passwd', 'is not an absolute path'],
    [{ type: 'path' }, '/nowhere/at/all', 'names nothing that is there'],
    [{ type: 'enum', values: ['red', 'blue'] }, 'Red', 'is not one of red, blue'],
    [{ type: 'user' }, 'a: b', 'is not a user name: lower-case letters, digits, dash and underscore'],
    [{ type: 'user' }, 'root\nuid: 0', 'has a control character, such as a line break'],
    [{ type: 'user' }, 'a'.repeat(33), 'is not a user name: lower-case letters, digits, dash and underscore'],
    [{ type: 'ssh-key' }, `command="sh" ${KEY}`, 'is not a public SSH key in one line'],
    [{ type: 'ssh-key' }, '-----BEGIN OPENSSH PRIVATE KEY-----', 'is not a public SSH key in one line'],
    [{ type: 'list', of: 'integer' }, '1,2,"3"', 'item 3 is not a whole number'],
    [{ type: 'list', of: 'path' }, '/\netc', 'item 2 is not an absolute path'],
    [{ type: 'list' }, 'a\nb\tc', 'item 2 has a control character, such as a line break'],
  ])('refuses as %j the text %j, without repeating it', async (option, text, wrong) => {
    expect(await readOptionValue(option, text)).toEqual({ wrong })
  })
})
