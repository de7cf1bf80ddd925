import { setImmediate as nextTick } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAmount } from '../../src/core/amount.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import { isFungible } from '../../src/core/standards.ts'
import type { TransferFilter } from '../../src/store/seam/history.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, blockMovements, hashOf, type Movement, makeBlock } from './chains.ts'
import { ENGINES } from './engines.ts'
import { Model, sidesOf } from './model.ts'

describe.each(ENGINES)('$name', ({ name, makePlace }) => {
  /** Mostly the first two, so that filters match something. */
  const few = (max: number) => fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(max) })
  const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const party = perhaps(few(4).map((index) => ACCOUNTS[index] ?? ''))
  const asset = few(ASSETS.length - 1).map((index): AssetRef => ASSETS[index] ?? ASSETS[0])
  const filter = fc.record({
    asset: perhaps(asset),
    account: party,
    from: party,
    to: party,
    block: perhaps(fc.nat(12)),
    isTransactionNamed: fc.boolean(),
    offset: fc.nat(4),
    limit: fc.integer({ min: 1, max: 5 }),
  })
  type Filter = typeof filter extends fc.Arbitrary<infer T> ? T : never
  const range = fc.record({
    account: few(4).map((index) => ACCOUNTS[index] ?? ''),
    asset,
    item: fc.nat(4),
    fromTimestamp: perhaps(fc.nat(150)),
    toTimestamp: perhaps(fc.nat(150)),
    limit: fc.integer({ min: 1, max: 30 }),
  })
  type Range = typeof range extends fc.Arbitrary<infer T> ? T : never

  /** Some blocks, then perhaps a rollback, several times. Every block has several transactions. */
  const story = fc.array(
    fc.record({
      blocks: fc.array(blockMovements, { minLength: 1, maxLength: 4 }),
      back: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  )

  function transactionOf(header: Header, log: number): string {
    return hashOf(header.number + 1, log % 2)
  }

  function blockOf(movements: readonly Movement[], header: Header) {
    const block = makeBlock(movements, header)
    const transfers = block.transfers.map((one) => ({ ...one, transactionHash: transactionOf(header, one.event) }))
    return { ...block, transfers }
  }

  function isMatch(filter: TransferFilter, one: Model['blocks'][number]['transfers'][number], block: number): boolean {
    const { account, from, to } = filter
    return (
      (filter.asset === undefined || assetKey(filter.asset) === assetKey(one.asset)) &&
      (account === undefined || one.from === account || one.to === account) &&
      (from === undefined || one.from === from) &&
      (to === undefined || one.to === to) &&
      (filter.block === undefined || filter.block === block) &&
      (filter.transactionHash === undefined || filter.transactionHash === one.transactionHash)
    )
  }

  /** The transfers of the model that match, newest first. */
  function found(model: Model, filter: TransferFilter) {
    return model.blocks
      .flatMap(({ number, hash, timestamp, transfers }) =>
        transfers
          .filter((one) => isMatch(filter, one, number))
          .map((one) => ({ ...one, block: { number, hash }, timestamp })),
      )
      .reverse()
  }

  /** Every change of a pair, with the sum after it, or undefined if the sums of the pair are ever out of range. */
  function changes(model: Model, { account, asset, item }: { account: string; asset: AssetRef; item: string }) {
    let sum = 0n
    const isContradicted = model.contradicted().has(`${account}/${assetKey(asset)}/${item}`)
    return model.blocks.flatMap(({ number, hash, timestamp, transfers }) =>
      transfers.flatMap((one) => {
        if (assetKey(one.asset) !== assetKey(asset) || (item !== '' && one.item !== item)) return []
        const sides = sidesOf(one).filter(([who]) => who === account)
        return sides.map(([, delta]) => {
          sum += delta
          const amount = isContradicted || !isAmount(sum) ? undefined : sum
          return { block: { number, hash, timestamp }, event: one.event, amount }
        })
      }),
    )
  }

  function toFilter({ isTransactionNamed, ...one }: Filter): TransferFilter | undefined {
    const { asset, account, from, to, block } = one
    if ([asset, account, from, to, block].every((value) => value === undefined)) return undefined
    const isNamed = isTransactionNamed && block !== undefined
    return { ...one, transactionHash: isNamed ? hashOf(block + 1, 0) : undefined }
  }

  function toPair({ item, ...rest }: Range) {
    return { ...rest, item: isFungible(rest.asset.standard) || item === 4 ? '' : String(item) }
  }

  test('changes and filtered transfers equal those of a plain model, after any appends and rollbacks', async () => {
    const queries = { ranges: fc.array(range, { minLength: 8 }), filters: fc.array(filter, { minLength: 12 }) }
    await fc.assert(
      fc.asyncProperty(story, fc.record(queries), async (story, { ranges, filters }) => {
        const place = await makePlace()
        const store = await place.open()
        try {
          const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
          const reads = await store.openReads(CHAIN)
          const model = new Model()
          let headers: Header[] = []
          for (const [branch, { blocks, back }] of story.entries()) {
            for (const movements of blocks) {
              const parent = headers.at(-1)
              const number = (parent?.number ?? -1) + 1
              const linked = { number, hash: hashOf(branch, number), parentHash: parent?.hash ?? '0x' }
              const header = { ...linked, timestamp: number * 12 }
              const block = blockOf(movements, header)
              await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
              model.append([block])
              headers.push(header)
            }
            const ancestor = headers.at(-1 - back)
            if (back === 0 || ancestor === undefined) continue
            await journal.rollback(ancestor)
            model.rollback(ancestor.number)
            headers = headers.filter(({ number }) => number <= ancestor.number)
          }
          for (const wanted of ranges.map(toPair)) {
            const { fromTimestamp = 0, toTimestamp = Number.MAX_SAFE_INTEGER, limit } = wanted
            const expected = changes(model, wanted).filter(
              ({ block: { timestamp } }) => timestamp >= fromTimestamp && timestamp <= toTimestamp,
            )
            expect((await reads.history.changes(wanted)).rows).toEqual(expected.slice(0, limit))
          }
          for (const wanted of filters.flatMap((one) => toFilter(one) ?? [])) {
            const expected = found(model, wanted)
            const { count, rows } = await reads.history.transfers(wanted)
            expect({ count, rows }).toEqual({
              count: expected.length,
              rows: expected.slice(wanted.offset, wanted.offset + wanted.limit),
            })
          }
          await nextTick()
          await journal.close()
        } finally {
          await store.close()
          await place.end()
        }
      }),
      { numRuns: name === 'sqlite' ? 80 : 16 },
    )
  }, 120_000)
})
