import { expect, test } from 'vitest'
import { CoolDowns } from './cool-downs.ts'

const coin = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` } as const

/** Counts the rounds until the token's cool-down ends. */
function roundsOf(rests: CoolDowns): number {
  for (let rounds = 0; ; rounds++) {
    if (!rests.isCoolingDown(coin)) return rounds
    rests.nextRound()
  }
}

test('the cool-down doubles with each investigation that changes nothing, and starts over after one that changes something', () => {
  const rests = new CoolDowns()
  const rounds = [1, 2, 3].map(() => {
    rests.start(coin)
    return roundsOf(rests)
  })
  expect(rounds).toEqual([2, 4, 8])
  rests.forget(coin)
  rests.start(coin)
  expect(roundsOf(rests)).toBe(2)
})

test('a token with an unfinished investigation waits for a few rounds, however often', () => {
  const rests = new CoolDowns()
  for (let times = 0; times < 5; times++) {
    rests.pause(coin)
    expect(roundsOf(rests)).toBe(2)
  }
  rests.start(coin)
  expect(roundsOf(rests)).toBe(2)
})
