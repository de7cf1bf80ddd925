import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import type { BalanceKey } from '../../src/core/balance.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import type { ChainReads, Journal, Store } from '../../src/store/seam/store.ts'
import { AuditModel, nameOf } from './audit-model.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, makeBlock } from './chains.ts'
import { BELIEVE_ALL } from './dump.ts'
import { CHAIN, ENGINES, type StorePlace } from './engines.ts'

/** The amount of a chain read: what the model expects, some other amount, or an extreme one. */
const told = fc.oneof(
  { weight: 4, arbitrary: fc.constant('as expected' as const) },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 2_000n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, MAX_AMOUNT, MAX_AMOUNT - 1n) },
)
/** Mostly the first few, so that several commands concern the same balance. */
const few = (max: number) => fc.oneof({ weight: 4, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(max) })
const pair = { account: few(4), asset: few(ASSETS.length - 1), item: fc.nat(4) }
const back = few(4)
const side = fc.option(few(4), { nil: undefined, freq: 5 })
const movement = fc.record({
  asset: few(ASSETS.length - 1).map((asset) => ASSETS[asset] ?? ASSETS[0]),
  from: side.map((account) => (account === undefined ? undefined : ACCOUNTS[account])),
  to: side.map((account) => (account === undefined ? undefined : ACCOUNTS[account])),
  amount: fc.bigInt({ min: 0n, max: 900n }),
  item: fc.nat(1),
})
const movements = fc.oneof(
  { weight: 4, arbitrary: fc.array(movement, { maxLength: 4 }) },
  { weight: 1, arbitrary: blockMovements },
)

const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), movements }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('adopt' as const),
      ...pair,
      back: fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.integer({ min: -1, max: 4 }) },
      ),
      /** 0: a block of another branch. */
      rare: fc.nat(5),
      told,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const), asset: fc.nat(ASSETS.length - 1), back }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rollback' as const), back }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

const coverages: readonly Coverage[] = [
  { scope: { type: 'all' }, from: 0 },
  { scope: { type: 'all' }, from: 10 },
  { scope: { type: 'accounts', accounts: ACCOUNTS.slice(0, 2) }, from: 0 },
  { scope: { type: 'accounts', accounts: ACCOUNTS.slice(0, 3) }, from: 10 },
  { scope: { type: 'tokens', tokens: [ASSETS[0].reference, ASSETS[2].reference] }, from: 10 },
]

/** A store in its own place, and the model beside it. */
class Pair {
  readonly model: AuditModel
  readonly #place: StorePlace
  readonly #coverage: Coverage
  #store: Store | undefined
  #branch = 0
  journal: Journal | undefined
  reads: ChainReads | undefined

  constructor(place: StorePlace, coverage: Coverage) {
    this.#place = place
    this.#coverage = coverage
    this.model = new AuditModel(coverage)
  }

  async open(): Promise<{ journal: Journal; reads: ChainReads }> {
    this.#store ??= await this.#place.open()
    this.journal ??= await this.#store.openJournal(CHAIN, this.#coverage)
    this.reads ??= await this.#store.openReads(CHAIN)
    return { journal: this.journal, reads: this.reads }
  }

  async believe(): Promise<void> {
    await this.#place.exec(CHAIN, BELIEVE_ALL)
  }

  async close(): Promise<void> {
    await nextTick()
    await this.journal?.close()
    await this.#place.end()
  }

  async run(step: Command): Promise<void> {
    const { journal } = await this.open()
    const { model } = this
    if (step.do === 'append') {
      const parent = model.blocks.at(-1)
      const number = parent === undefined ? this.#coverage.from : parent.number + 1
      const parentHash = parent?.hash ?? '0x'
      const header = { number, hash: hashOf(this.#branch, number), parentHash, timestamp: number * 12 }
      const tokens = this.#coverage.scope.type === 'tokens' ? this.#coverage.scope.tokens : undefined
      const inScope = step.movements.filter(({ asset }) => tokens?.includes(asset.reference) ?? true)
      const block = makeBlock(inScope, header)
      await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
      model.append(block)
    } else if (step.do === 'adopt') await this.#adopt(step)
    else if (step.do === 'turn') {
      const block = model.blocks.at(-1 - step.back)
      const asset = ASSETS[step.asset] ?? ASSETS[0]
      if (block === undefined) return
      const evidence = { account: undefined, item: '', journal: 1n, chain: 2n }
      const outcome = await journal.reclassify({ asset, block, reason: 'supply', evidence })
      expect(outcome).toBe(model.turn(asset, block))
    } else if (step.do === 'rollback') {
      const ancestor = model.blocks.at(-1 - step.back)
      if (model.blocks.length === 0) return
      this.#branch++
      // If `back` goes beyond the first block, everything is rolled back.
      await journal.rollback(ancestor)
      model.rollback(ancestor?.number ?? -1)
    } else {
      await nextTick()
      await journal.close()
      await this.#store?.close()
      this.#store = undefined
      this.journal = undefined
      this.reads = undefined
    }
  }

  async #adopt(step: Command & { do: 'adopt' }): Promise<void> {
    const written = this.model.blocks.at(-1)
    if (written === undefined) return
    const asset = ASSETS[step.asset] ?? ASSETS[0]
    const item = asset.standard === 'erc20' || step.item === 4 ? '' : String(step.item)
    const key: BalanceKey = { account: ACCOUNTS[step.account] ?? '', asset, item }
    const number = written.number - step.back
    const own = this.model.blocks.find((block) => block.number === number)
    const block = own === undefined || step.rare === 0 ? { number, hash: hashOf(999, number) } : own
    const expected = this.model.amount(nameOf(key), number)
    const amount = step.told !== 'as expected' ? step.told : typeof expected === 'bigint' ? expected : 0n
    const read = { ...key, amount, block: { number: block.number, hash: block.hash }, observedAt: 0 }
    const [judgement] = await (await this.open()).journal.adopt([read])
    expect(judgement).toEqual(this.model.adopt(read))
  }
}

const KEYS: readonly BalanceKey[] = ACCOUNTS.flatMap((account) =>
  ASSETS.flatMap((asset) =>
    (asset.standard === 'erc20' ? [''] : ['', '0', '1', '2', '3']).map((item) => ({ account, asset, item })),
  ),
)

/** Compares the doubts: every balance in doubt, of the assets that the store knows, is marked and has no amount. */
async function compareDoubts(reads: ChainReads, model: AuditModel): Promise<void> {
  const { rows } = await reads.balances(KEYS)
  const known = await Promise.all(KEYS.map(({ asset }) => reads.asset(asset)))
  const found = KEYS.map((key, index) => [
    nameOf(key),
    rows[index]?.inDoubt === true && rows[index].amount === undefined,
  ])
  expect(found).toEqual(KEYS.map((key, index) => [nameOf(key), known[index] !== undefined && model.isInDoubt(key)]))
}

async function compare(reads: ChainReads, model: AuditModel): Promise<void> {
  const first = (model.blocks[0]?.number ?? 0) - 2
  for (const asOf of [undefined, first, first + 1, ...model.blocks.map(({ number }) => number)]) {
    if (asOf !== undefined && asOf < 0) continue
    const { rows } = await reads.balances(KEYS, asOf)
    const found = KEYS.map((key, index) => [nameOf(key), rows[index] && (rows[index].amount ?? 'unknown')])
    const expected = KEYS.map((key) => {
      const amount = model.amount(nameOf(key), asOf)
      return [nameOf(key), amount === 'absent' ? undefined : amount]
    })
    expect(found).toEqual(expected)
  }
}

async function compareLists(reads: ChainReads, model: AuditModel): Promise<void> {
  const names = [...model.pairs()].filter((name) => name.endsWith('/'))
  for (const account of ACCOUNTS) {
    const own = names.filter((name) => name.startsWith(account))
    const received = own.filter((name) => name.includes('erc20') && model.received(name))
    const query = { account, assets: undefined, offset: 0, limit: 100 }
    const all = await reads.account({ ...query, standards: ['erc20', 'erc721', 'erc1155'], receivedOnly: false })
    const some = await reads.account({ ...query, standards: ['erc20'], receivedOnly: true })
    const namesOf = (page: typeof all) => page.rows.map((row) => nameOf({ account, asset: row.asset.asset, item: '' }))
    expect([all.count, namesOf(all).sort()]).toEqual([own.length, own.sort()])
    expect([some.count, namesOf(some).sort()]).toEqual([received.length, received.sort()])
  }
  for (const asset of ASSETS) {
    const held = ACCOUNTS.flatMap((account) => {
      const amount = model.amount(nameOf({ account, asset, item: '' }))
      return typeof amount === 'bigint' && amount > 0n ? [{ account, amount }] : []
    }).sort((a, b) => (a.amount === b.amount ? (a.account < b.account ? -1 : 1) : a.amount > b.amount ? -1 : 1))
    const page = await reads.holders({ asset, offset: 0, limit: 100 })
    expect([page.count, page.rows]).toEqual([held.length, held])
    const accounting = (await reads.asset(asset))?.accounting
    if (accounting !== undefined) expect(accounting).toBe(model.isTurned(asset) ? 'reads' : 'events')
  }
}

test.each(ENGINES)(
  '$name: adopting, comparing, reclassifying and rolling back give the same state as plain lists, under any coverage',
  async ({ name, makePlace }) => {
    const story = fc.array(command, { minLength: 3, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(story, fc.constantFrom(...coverages), async (commands, coverage) => {
        const both = new Pair(await makePlace(), coverage)
        try {
          for (const step of commands) await both.run(step)
          const { journal, reads } = await both.open()
          await nextTick()
          await compareDoubts(reads, both.model)
          await both.believe()
          await nextTick()
          await compare(reads, both.model)
          await compareLists(reads, both.model)
          if (both.model.blocks.length > 0) {
            const { supplies } = await journal.audits.supplies(ASSETS)
            expect(supplies).toEqual(ASSETS.map((asset) => both.model.supply(asset)))
          }
        } finally {
          await both.close()
        }
      }),
      { numRuns: name === 'sqlite' ? 100 : 5 },
    )
  },
  180_000,
)
