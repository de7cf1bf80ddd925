/**
 * Verification beside a server that repairs and reclassifies: a sum that changes between two reads is no difference.
 */
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { ChainProver, Proof, Question } from '../../src/chains/adapter.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { BlockRef } from '../../src/core/block.ts'
import type { Counts, Difference } from '../../src/verify/comparison.ts'
import type { Selection } from '../../src/verify/pages.ts'
import { verifyChain } from '../../src/verify/verify-chain.ts'
import { hash } from '../chains/mock-chain.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { makeRig, type Rig } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'

const [coin, second, , goods] = ASSETS
const [ALICE = ''] = ACCOUNTS
/** Holders of one unit each: more than one page of the walk. */
const MANY = 2_500
const holders = Array.from({ length: MANY }, (_, n) => `0x${(0x10_000 + n).toString(16).padStart(40, '0')}`)
const [FIRST = ''] = holders
const BLOCK = { number: 1, hash: hash('1') }
const SIGNAL = new AbortController().signal
const ALL: Selection = { accounts: undefined, assets: undefined }

const mint = (to: string, amount: bigint): Movement => ({ asset: coin, from: undefined, to, amount, item: 0 })
const mintGoods = (item: number, amount: bigint): Movement => ({ ...mint(ALICE, amount), asset: goods, item })

let rig: Rig
afterEach(() => rig.close())

/** Indexes block 1 with these movements. The node's logs leave out those at the indexes in `hidden`. */
async function indexed(movements: readonly Movement[], hidden: readonly number[] = []): Promise<StatefulChain> {
  const chain = new StatefulChain().add('0', undefined).add('1', '0', movements).hide('1', hidden).show('1')
  rig = await makeRig(chain)
  await rig.settle()
  return chain
}

/** Proves the true amounts of block 1. `before` runs before each answer. */
class Truth implements ChainProver {
  before: (asked: number, questions: readonly Question[]) => Promise<void> = async () => undefined
  /** Units that exist without a holder. */
  unheld = 0n
  #asked = 0
  readonly #amounts = new Map<string, bigint>()

  constructor(movements: readonly Movement[]) {
    for (const { asset, to, amount, item } of movements) {
      const own = `${to}/${asset.reference}/${asset.standard === 'erc1155' ? item : ''}`
      for (const name of [own, asset.reference]) this.#amounts.set(name, (this.#amounts.get(name) ?? 0n) + amount)
    }
  }

  async blockAt(): Promise<BlockRef> {
    return BLOCK
  }

  async prove(questions: readonly Question[]): Promise<readonly Proof[]> {
    await this.before(++this.#asked, questions)
    await nextTick()
    return questions.map((question): Proof => {
      if (question.what === 'supply') return { ok: true, amount: this.#of(question.asset.reference) + this.unheld }
      const { account, asset, item } = question.key
      return { ok: true, amount: this.#of(`${account}/${asset.reference}/${item}`) }
    })
  }

  #of(name: string): bigint {
    return this.#amounts.get(name) ?? 0n
  }
}

async function verify(prover: ChainProver, selection = ALL) {
  const differences: Difference[] = []
  const { counts } = await verifyChain({
    sides: { reads: rig.reads, prover, signal: SIGNAL },
    selection,
    sample: undefined,
    watch: { onDifference: (difference) => differences.push(difference), onProgress: () => undefined },
    now: () => 9_999_999_999,
    random: () => 0.5,
  })
  return { differences, balances: counts.balance, supplies: counts.supply }
}

/** Repairs the block from its receipts. The balances with missing logs are in doubt from then on. */
const lack = async (chain: StatefulChain): Promise<void> => {
  const { inserted } = await rig.journal.repair(chain.canonical().filter(({ number }) => number === 1))
  expect(inserted).toBeGreaterThan(0)
}
/** Repairs, and ends the doubt: all blocks are fetched again, and all balances are compared. */
const repair = async (chain: StatefulChain): Promise<void> => {
  await lack(chain)
  await rig.journal.doubts.refetched(BLOCK.number)
  await rig.journal.doubts.looked('all')
}
const turn = async (asset: AssetRef): Promise<void> => {
  const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
  expect(await rig.journal.reclassify({ asset, block: BLOCK, reason: 'supply', evidence })).toBe('reclassified')
}

const equal = (checked: number): Counts => ({ checked, equal: checked, different: 0, skipped: {} })
const each = holders.map((account) => mint(account, 1n))

test('the sum of a token that is reclassified between two pages is skipped', async () => {
  await indexed(each)
  const truth = new Truth(each)
  truth.before = async (asked) => {
    if (asked === 1) await turn(coin)
  }
  const { differences, supplies } = await verify(truth)
  expect(differences).toEqual([])
  expect(supplies).toEqual({ ...equal(0), skipped: { accounting_reads: 1 } })
})

test('the sum of a token that is repaired between two pages is added up again', async () => {
  const movements = [...each, mint(FIRST, 5n)]
  const chain = await indexed(movements, [MANY])
  const truth = new Truth(movements)
  truth.before = async (asked) => {
    if (asked === 1) await repair(chain)
  }
  const { differences, balances, supplies } = await verify(truth)
  expect(differences).toEqual([])
  expect([balances, supplies]).toEqual([equal(MANY), equal(1)])
})

test('a true difference of a sum is reported, even if another token is reclassified meanwhile', async () => {
  await indexed(each)
  const truth = new Truth(each)
  truth.unheld = 1n
  truth.before = async (asked) => {
    if (asked === 1) await turn(second)
  }
  const { differences } = await verify(truth)
  expect(differences).toMatchObject([
    { subject: 'supply', asset: coin, stored: BigInt(MANY), chainAmount: BigInt(MANY) + 1n },
  ])
})

test('a sum that changes during every attempt is skipped, and counted as skipped', async () => {
  const movements = [mint(ALICE, 1n), mint(FIRST, 5n)]
  const chain = await indexed(movements, [1])
  const [whole] = chain.canonical().filter(({ number }) => number === 1)
  if (whole === undefined) throw new TypeError('block 1 exists')
  const truth = new Truth(movements)
  truth.unheld = 1n
  let logs = 1
  const flip = async (): Promise<void> => {
    logs = 3 - logs
    await rig.journal.repair([{ ...whole, transfers: whole.transfers.slice(0, logs) }])
    await nextTick()
  }
  const walk = rig.reads.walk.bind(rig.reads)
  let flipping = false
  rig.reads.walk = async (query) => {
    const page = await walk(query)
    if (flipping) await flip()
    return page
  }
  truth.before = async (_, questions) => {
    if (questions.some(({ what }) => what === 'supply') && !flipping) {
      flipping = true
      await flip()
    }
  }
  const { differences, supplies } = await verify(truth)
  expect(differences).toEqual([])
  expect(supplies).toEqual({ ...equal(0), skipped: { journal_moved: 1 } })
})

test('the sum of an account’s items is checked again, like each of the items', async () => {
  const movements = [mintGoods(1, 3n), mintGoods(1, 4n), mintGoods(2, 2n)]
  const chain = await indexed(movements, [1, 2])
  const truth = new Truth(movements)
  truth.before = async (asked) => {
    if (asked === 1) await repair(chain)
  }
  const { differences, balances } = await verify(truth)
  expect(differences).toEqual([])
  expect(balances).toEqual(equal(2))
})

test('a balance with missing logs and its sum are in doubt meanwhile and are skipped', async () => {
  const movements = [...each, mint(FIRST, 5n)]
  const chain = await indexed(movements, [MANY])
  const truth = new Truth(movements)
  truth.before = async (asked) => {
    if (asked === 1) await lack(chain)
  }
  const { differences, balances, supplies } = await verify(truth)
  expect(differences).toEqual([])
  expect(balances.skipped.in_doubt).toBeGreaterThan(0)
  expect(balances.different + supplies.checked).toBe(0)
})

test('a balance that is missing at first and repaired meanwhile is not compared as zero', async () => {
  const movements = [mint(FIRST, 1n), mint(ALICE, 5n)]
  const chain = await indexed(movements, [1])
  const truth = new Truth(movements)
  truth.before = async (asked) => {
    if (asked === 1) await repair(chain)
  }
  const { differences, balances } = await verify(truth, { accounts: [ALICE], assets: [coin] })
  expect(differences).toEqual([])
  expect(balances).toEqual(equal(1))
})
