import { expect, test } from 'vitest'
import { CoolDowns } from './cool-downs.ts'

const coin = { standard: 'erc20', reference: `0x${'a'.repeat(40)}` } as const

/** Rounds that pass until the token rests no more. */
function roundsOf(rests: CoolDowns): number {
  for (let rounds = 0; ; rounds++) {
    if (!rests.isCoolingDown(coin)) return rounds
    rests.nextRound()
  }
}

test('a token rests longer each time that its case comes to nothing, and no longer once one came to something', () => {
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

test('a token whose case could not be finished waits for a few rounds, however often', () => {
  const rests = new CoolDowns()
  for (let times = 0; times < 5; times++) {
    rests.pause(coin)
    expect(roundsOf(rests)).toBe(2)
  }
  rests.start(coin)
  expect(roundsOf(rests)).toBe(2)
})
