import { describe, expect, it } from 'vitest'
import { filledWords, mergeWords } from '../../../../src/plugins/manifest/merge-words.js'
import { fillIn, variablesIn } from '../../../../src/plugins/manifest/placeholders.js'

describe('variablesIn', () => {
  it.each<[string, readonly string[] | undefined]>([
    ['plain', []],
    ['$A', ['A']],
    ['a=$A_1,b=$B', ['A_1', 'B']],
    ['$A$B', ['A', 'B']],
    ['$$', undefined],
    ['$$A', undefined],
    ['$a', undefined],
    ['$', undefined],
    ['a$', undefined],
    ['${A}', undefined],
    ['$1', undefined],
  ])('of %j are %j', (word, names) => {
    expect(variablesIn(word)).toEqual(names)
  })
})

describe('fillIn', () => {
  it('puts values in, as they are', () => {
    expect(fillIn('a=$A,b=$B', { A: '1', B: '$A $& $1' })).toBe('a=1,b=$A $& $1')
  })

  it('gives nothing when one of the values is not there or empty', () => {
    expect(fillIn('a=$A,b=$B', { A: '1' })).toBeUndefined()
    expect(fillIn('a=$A', { A: '' })).toBeUndefined()
  })
})

describe('filledWords', () => {
  it('makes one word of each item of a list, and leaves out words without a value', () => {
    expect(filledWords(['a', '$LIST', 'b=$NONE', 'c=$ONE'], { LIST: 'x\ny z', ONE: '1' })).toEqual([
      'a',
      'x',
      'y z',
      'c=1',
    ])
  })
})

describe('mergeWords', () => {
  it('has each word once, where it comes first, with all who asked', () => {
    const wishes = [
      { plugin: '10-a', words: ['x', 'y', 'x'] },
      { plugin: '20-b', words: ['z', 'y'] },
    ]

    expect(mergeWords(wishes)).toEqual([
      { word: 'x', plugins: ['10-a'] },
      { word: 'y', plugins: ['10-a', '20-b'] },
      { word: 'z', plugins: ['20-b'] },
    ])
  })
})
