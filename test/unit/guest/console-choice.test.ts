import { expect, it } from 'vitest'
import { ConsoleChoice, type ConsolePort } from '../../../src/guest/console-choice.js'

it.each<[ConsolePort[], ConsolePort, string]>([
  [[], 'ttyS0', 'while no one can log in anywhere'],
  [['ttyS0', 'hvc0'], 'ttyS0', 'that one can log in on, when the other one follows'],
  [['hvc0'], 'hvc0', 'that alone has a login prompt'],
  [['hvc0', 'ttyS0'], 'hvc0', 'that was shown when its login prompt came first'],
])('after login prompts on %j the console is %s: the one %s', (prompts, shown) => {
  const choice = new ConsoleChoice()
  for (const port of prompts) choice.prompt(port)

  expect(choice.shown).toBe(shown)
})

it('tells once that another console is shown', () => {
  const choice = new ConsoleChoice()

  expect([choice.prompt('hvc0'), choice.prompt('hvc0'), choice.prompt('ttyS0')]).toEqual([true, false, false])
})
