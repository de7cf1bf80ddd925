import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBundles } from '../../../../test/chia/bundles.ts'
import { leadOfReveal } from './cat.ts'
import { parseClvm, serialize } from './clvm.ts'
import { coinId } from './coin.ts'
import { type Created, readSpend } from './spend.ts'
import { hexOf, treeHash } from './tree-hash.ts'

const BUNDLES = readBundles()
const CAT_SPENDS = BUNDLES.flatMap(({ spends }) => spends.filter(({ reveal }) => leadOfReveal(reveal) !== undefined))

/** A created coin in the form of the recordings. */
function recorded({ coin, hint, cat }: Created) {
  return {
    coin_id: coinId(coin),
    puzzle_hash: coin.puzzleHash,
    amount: Number(coin.amount),
    kind: cat === undefined ? 'not a cat' : 'cat',
    asset_id: cat?.lead.tail ?? null,
    revocable: cat?.lead.hidden !== undefined,
    inner_puzzle_hash: cat?.owner ?? null,
    hint: hint ?? null,
  }
}

const byCoinId = (a: { coin_id: string }, b: { coin_id: string }): number => (a.coin_id < b.coin_id ? -1 : 1)

describe.each(BUNDLES)('$name', ({ spends, expected }) => {
  test('creates exactly the expected coins', () => {
    const created = spends.flatMap((spend) => (readSpend(spend)?.created ?? []).map(recorded))
    const wanted = expected.created.map((one) => ({
      coin_id: one.coin_id,
      puzzle_hash: one.puzzle_hash,
      amount: one.amount,
      kind: one.kind,
      asset_id: one.asset_id,
      revocable: one.revocable ?? false,
      inner_puzzle_hash: one.inner_puzzle_hash,
      // A shorter first memo is no puzzle hash.
      hint: one.hint?.length === 64 ? one.hint : null,
    }))
    expect(created.sort(byCoinId)).toEqual(wanted.sort(byCoinId))
    expect(created.length).toBeGreaterThan(0)
  })

  test('spends exactly the expected CATs', () => {
    const spent = spends.flatMap((spend) => {
      const cat = readSpend(spend)?.spent
      expect(leadOfReveal(spend.reveal)).toEqual(cat && { lead: cat.lead, owner: cat.owner })
      if (cat === undefined) return []
      expect(cat.isProven).toBe(true)
      const { tail, hidden } = cat.lead
      const coin = { coin_id: coinId(spend.coin), asset_id: tail, revocable: hidden !== undefined }
      return [{ ...coin, inner_puzzle_hash: cat.owner, amount: Number(spend.coin.amount) }]
    })
    expect(spent.sort(byCoinId)).toEqual([...expected.cat_spent].sort(byCoinId))
  })

  test('a hint makes no CAT of another coin', () => {
    const created = spends.flatMap((spend) => readSpend(spend)?.created ?? [])
    const byId = new Map(created.map((one) => [coinId(one.coin), one]))
    expect(expected.hinted_but_not_cat.map(({ coin_id }) => byId.get(coin_id)?.cat)).toEqual(
      expected.hinted_but_not_cat.map(() => undefined),
    )
  })
})

test('the recordings have CATs, change without a memo, and coins that are hinted and no CATs', () => {
  const created = BUNDLES.flatMap(({ expected }) => expected.created)
  expect(CAT_SPENDS).toHaveLength(16)
  expect(created.filter(({ kind, hint }) => kind === 'cat' && hint === null)).toHaveLength(6)
  expect(BUNDLES.flatMap(({ expected }) => expected.hinted_but_not_cat).length).toBeGreaterThan(0)
})

describe('a spend that cannot be read', () => {
  const [spend] = CAT_SPENDS
  if (spend === undefined) throw new Error('the recordings have CATs')
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte))

  test.each([
    ['another coin', { ...spend, coin: { ...spend.coin, puzzleHash: '0'.repeat(64) } }],
    ['a changed reveal', { ...spend, reveal: flipped(spend.reveal, 700) }],
    ['no reveal', { ...spend, reveal: new Uint8Array() }],
    ['no solution', { ...spend, solution: new Uint8Array() }],
    ['a solution that its puzzle refuses', { ...spend, solution: Uint8Array.of(0x80) }],
    ['more after the reveal', { ...spend, reveal: Buffer.concat([spend.reveal, Uint8Array.of(0x80)]) }],
    ['more after the solution', { ...spend, solution: Buffer.concat([spend.solution, Uint8Array.of(0x80)]) }],
  ])('%s', (_, changed) => {
    expect(readSpend(changed)).toBeUndefined()
  })

  test('a reveal or a solution that was cut anywhere', () => {
    for (let at = 0; at < spend.reveal.length; at++) {
      expect(leadOfReveal(spend.reveal.subarray(0, at))).toBeUndefined()
      expect(readSpend({ ...spend, reveal: spend.reveal.subarray(0, at) })).toBeUndefined()
    }
    for (let at = 0; at < spend.solution.length; at++)
      expect(readSpend({ ...spend, solution: spend.solution.subarray(0, at) })).toBeUndefined()
  })

  test('any change of a solution is read or not, and throws nothing', () => {
    const pick = fc.constantFrom(...CAT_SPENDS)
    fc.assert(
      fc.property(pick, fc.nat(), fc.nat(255), (one, at, byte) => {
        const solution = one.solution.map((old, n) => (n === at % one.solution.length ? byte : old))
        const read = readSpend({ ...one, solution })
        if (read !== undefined) expect(read.spent).toMatchObject(leadOfReveal(one.reveal) ?? {})
      }),
      { numRuns: 300 },
    )
  })
})

describe('amounts', () => {
  /** The spend of a coin whose puzzle is (q . conditions): one CREATE_COIN of this amount. */
  function spendCreating(amount: string) {
    const hash = `a0${'22'.repeat(32)}`
    const reveal = Buffer.from(`ff01ffff33ff${hash}ff${amount}8080`, 'hex')
    const puzzleHash = hexOf(treeHash(parseClvm(reveal)))
    return { coin: { parent: '11'.repeat(32), puzzleHash, amount: 1n }, reveal, solution: Uint8Array.of(0x80) }
  }

  test.each([
    ['80', 0n],
    ['01', 1n],
    ['7f', 127n],
    ['820080', 128n],
    ['8720000000000001', 9_007_199_254_740_993n],
    ['887d00000000000463', 9_007_199_254_740_993_123n],
    ['89008000000000000000', 2n ** 63n],
    ['888000000000000000', undefined],
    ['8900ffffffffffffffff', 2n ** 64n - 1n],
    ['89010000000000000000', undefined],
    ['8a00010000000000000000', undefined],
    ['81ff', undefined],
    ['00', undefined],
    ['820001', undefined],
    ['ff0101', undefined],
  ])('%s', (text, amount) => {
    const read = readSpend(spendCreating(text))
    expect(read?.created.map(({ coin }) => coin.amount)).toEqual(amount === undefined ? undefined : [amount])
  })

  test('of 1 to 9 bytes are what was written', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (amount) => {
        const digits = amount.toString(16)
        const even = digits.length % 2 === 0 ? digits : `0${digits}`
        const bytes = Buffer.from(amount === 0n ? '' : even >= '8' ? `00${even}` : even, 'hex')
        const read = readSpend(spendCreating(Buffer.from(serialize(bytes)).toString('hex')))
        expect(read?.created.map(({ coin }) => coin.amount)).toEqual([amount])
      }),
    )
  })
})
