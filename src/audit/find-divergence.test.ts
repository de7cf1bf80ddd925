import { expect, test } from 'vitest'
import type { BalanceRead } from '../chains/adapter.ts'
import { type Agreement, findDivergence, steadinessOf } from './find-divergence.ts'

const seven: BalanceRead = { ok: true, amount: 7n }
const eight: BalanceRead = { ok: true, amount: 8n }
const silent: BalanceRead = { ok: false, reason: 'token_does_not_answer' }
const stateless: BalanceRead = { ok: false, reason: 'no_archive' }
const down: BalanceRead = { ok: false, reason: 'node_unavailable' }

test.each([
  { own: [seven, seven], other: seven, says: 'steady' },
  { own: [seven, eight], other: seven, says: 'unsteady' },
  { own: [seven, seven], other: eight, says: 'unsteady' },
  { own: [seven, silent], other: undefined, says: 'unsteady' },
  { own: [seven, seven], other: silent, says: 'unsteady' },
  { own: [seven, seven], other: stateless, says: 'steady' },
  { own: [seven, seven], other: down, says: 'steady' },
  { own: [seven, seven], other: undefined, says: 'steady' },
  { own: [seven, down], other: seven, says: 'unanswered' },
  { own: [stateless, seven], other: eight, says: 'unanswered' },
  { own: [], other: undefined, says: 'unanswered' },
])('reads of $own, and $other from another node, are $says', ({ own, other, says }) => {
  expect(steadinessOf({ own, other }, 7n)).toBe(says)
})

/** Searches blocks 0 to 1,000. Chain and journal differ from `parting` on, and only `known` blocks can be read. */
async function search(parting: number, known: (block: number) => boolean, whole = true) {
  const asked: number[] = []
  const standingAt = async (block: number): Promise<Agreement> => {
    asked.push(block)
    if (!known(block)) return 'unknown'
    return block >= parting ? 'different' : 'equal'
  }
  return { found: await findDivergence({ first: 0, last: 1_000, whole }, standingAt), asked: asked.length }
}

test('the first block at which chain and journal differ is found in few reads, wherever it is', async () => {
  for (const parting of [0, 1, 2, 499, 500, 873, 936, 999, 1_000]) {
    const { found, asked } = await search(parting, () => true)
    expect(found).toBe(parting)
    expect(asked).toBeLessThan(22)
  }
  expect((await search(0, () => true, false)).found).toBeUndefined()
})

test('if old blocks are unknown, the search goes as far back as blocks are known', async () => {
  const remembers = (depth: number) => (block: number) => block >= 1_000 - depth
  expect((await search(873, remembers(128))).found).toBe(873)
  expect((await search(872, remembers(128))).found).toBeUndefined()
  expect((await search(1_000, remembers(0))).found).toBeUndefined()
})
