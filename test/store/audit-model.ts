import { isAmount } from '../../src/core/amount.ts'
import { type AssetRef, assetKey } from '../../src/core/asset.ts'
import type { BalanceKey, Observation } from '../../src/core/balance.ts'
import { type BlockRef, sameBlock } from '../../src/core/block.ts'
import { type Coverage, coverageTest } from '../../src/core/coverage.ts'
import { isFungible } from '../../src/core/standards.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { AdoptionResult } from '../../src/store/seam/audits.ts'
import { sidesOf } from './model.ts'

/** The newest segment of a pair: its opening, the first block from which it holds, and the block where it closed. */
type Segment = { readonly opening: bigint; readonly since: number; readonly closed: number | undefined }
type Movement = { readonly block: number; readonly delta: bigint; readonly received: boolean }

/**
 * A journal as plain lists: blocks, adopted reads and reclassified tokens. Everything is computed again for each query.
 * Pairs are named `account/asset/item`.
 */
export class AuditModel {
  blocks: BlockTransfers[] = []
  adopted: Observation[] = []
  readonly turned = new Set<string>()
  /** Pairs that a read contradicted. */
  readonly refuted = new Set<string>()
  /** Assets that were ever named, on any branch. */
  readonly seen = new Set<string>()
  readonly #coverage: Coverage
  readonly #test: ReturnType<typeof coverageTest>

  constructor(coverage: Coverage) {
    this.#coverage = coverage
    this.#test = coverageTest(coverage, undefined)
  }

  append(block: BlockTransfers): void {
    this.blocks.push(block)
    for (const { asset } of block.transfers) this.seen.add(assetKey(asset))
  }

  rollback(ancestor: number): void {
    this.blocks = this.blocks.filter(({ number }) => number <= ancestor)
    this.adopted = this.adopted.filter(({ block }) => block.number <= ancestor)
  }

  turn(asset: AssetRef, block: BlockRef): string {
    if (!this.#holds(block)) return 'not_canonical'
    this.seen.add(assetKey(asset))
    if (this.isTurned(asset)) return 'already'
    this.turned.add(assetKey(asset))
    for (const name of this.refuted) if (name.includes(`/${assetKey(asset)}/`)) this.refuted.delete(name)
    return 'reclassified'
  }

  isTurned(asset: AssetRef): boolean {
    return this.turned.has(assetKey(asset))
  }

  /** True for a refuted pair, and for all pairs of an asset that has two refuted pairs. */
  isInDoubt(key: BalanceKey): boolean {
    const ofAsset = [...this.refuted].filter((name) => name.includes(`/${assetKey(key.asset)}/`))
    return ofAsset.length > 1 || this.refuted.has(nameOf(key))
  }

  adopt(read: Observation): AdoptionResult {
    // An asset that was never seen is answered by reads anyway, so it is not marked.
    const isMarked = this.seen.has(assetKey(read.asset)) || this.#coverage.from > 0
    const judgement = this.#judge(read)
    if (isMarked && ['different', 'reopened'].includes(judgement.outcome)) this.refuted.add(nameOf(read))
    return judgement
  }

  #judge(read: Observation): AdoptionResult {
    const { account, asset, block, amount } = read
    if (!this.#holds(block)) return { outcome: 'not_canonical' }
    if (!this.#test.covers(account, asset) || this.isTurned(asset)) return { outcome: 'not_covered' }
    if (isFungible(asset.standard) && !this.seen.has(assetKey(asset)) && this.#isNft(asset.reference)) {
      return { outcome: 'not_covered' }
    }
    const name = nameOf(read)
    const whole = this.#coverage.from === 0
    if (!whole && !this.seen.has(assetKey(asset)) && amount === 0n) return { outcome: 'not_covered' }
    if (whole && !this.pairs().has(name)) return compare(0n, amount)
    const segment = this.segment(name)
    if (segment !== undefined && segment.closed === undefined) {
      if (block.number < segment.since) return { outcome: 'not_covered' }
      return compare(segment.opening + this.#sumAt(name, block.number), amount)
    }
    const newest = Math.max(-1, ...this.#readsOf(name).map((one) => one.block.number))
    if (block.number <= newest || block.number < (segment?.closed ?? 0)) return { outcome: 'not_covered' }
    this.seen.add(assetKey(asset))
    this.adopted.push(read)
    return { outcome: segment === undefined && this.segment(name)?.since === 0 ? 'adopted' : 'reopened' }
  }

  #isNft(reference: string): boolean {
    return ['erc721', 'erc1155'].some((standard) => this.seen.has(`${standard}:${reference}`))
  }

  /** Every pair that has a row: changes, or an adopted read. */
  pairs(): Set<string> {
    const names = new Set(this.adopted.map(nameOf))
    for (const block of this.blocks) {
      for (const { asset, item, ...transfer } of block.transfers) {
        for (const [account] of sidesOf({ asset, item, ...transfer })) {
          if (!this.#test.keeps(account)) continue
          for (const one of isFungible(asset.standard) ? [''] : ['', item]) {
            names.add(nameOf({ account, asset, item: one }))
          }
        }
      }
    }
    return names
  }

  /** The newest segment of a pair; undefined if its opening is unknown. */
  segment(name: string): Segment | undefined {
    let segment: Segment | undefined
    if (this.#coverage.from === 0) segment = { opening: 0n, since: 0, closed: this.#closing(name, 0n, -1) }
    for (const { block, amount } of this.#readsOf(name)) {
      const opening = amount - this.#sumAt(name, block.number)
      const since = segment === undefined ? this.#holdsSince(name, opening, block.number) : block.number
      segment = { opening, since, closed: this.#closing(name, opening, block.number) }
    }
    return segment
  }

  /** The amount at the end of a block, by default the newest: a number, `unknown`, or `absent` if there is no row. */
  amount(name: string, asOf?: number): bigint | 'unknown' | 'absent' {
    if (!this.pairs().has(name)) return 'absent'
    const segment = this.segment(name)
    if (segment === undefined || segment.closed !== undefined) return 'unknown'
    if (asOf === undefined) return segment.opening + this.#sumAt(name, Number.MAX_SAFE_INTEGER)
    if (asOf < (segment.since === 0 ? this.#coverage.from - 1 : segment.since)) return 'unknown'
    const met = this.#readsOf(name).length > 0 || this.#changes(name).some(({ block }) => block <= asOf)
    return met ? segment.opening + this.#sumAt(name, asOf) : 'absent'
  }

  received(name: string): boolean {
    return (
      this.#changes(name).some((change) => change.received) || this.#readsOf(name).some(({ amount }) => amount > 0n)
    )
  }

  /** The supply of an asset; undefined if the journal cannot know it. */
  supply(asset: AssetRef): bigint | undefined {
    const { from, scope } = this.#coverage
    if (from > 0 || scope.type === 'accounts' || this.isTurned(asset) || !this.seen.has(assetKey(asset)))
      return undefined
    // An NFT contract that is read as a coin, and that moves no units on this branch, has no supply of units.
    const isMoved = this.blocks.some(({ transfers }) =>
      transfers.some((one) => assetKey(one.asset) === assetKey(asset)),
    )
    if (isFungible(asset.standard) && !isMoved && this.#isNft(asset.reference)) return undefined
    let supply = 0n
    for (const name of this.pairs()) {
      if (!name.endsWith(`/${assetKey(asset)}/`)) continue
      const segment = this.segment(name)
      if (segment === undefined || segment.closed !== undefined) return undefined
      supply += segment.opening + this.#sumAt(name, Number.MAX_SAFE_INTEGER)
    }
    return supply
  }

  #holds(block: BlockRef): boolean {
    return this.blocks.some((own) => sameBlock(own, block))
  }

  #readsOf(name: string): Observation[] {
    return this.adopted.filter((read) => nameOf(read) === name).sort((a, b) => a.block.number - b.block.number)
  }

  #changes(name: string): Movement[] {
    const [account = '', asset, item = ''] = name.split('/')
    return this.blocks.flatMap(({ number, transfers }) =>
      transfers.flatMap((transfer): Movement[] => {
        if (assetKey(transfer.asset) !== asset || (item !== '' && transfer.item !== item)) return []
        return sidesOf(transfer)
          .filter(([who]) => who === account)
          .map(([, delta, received]) => ({ block: number, delta, received }))
      }),
    )
  }

  #sumAt(name: string, asOf: number): bigint {
    return this.#changes(name)
      .filter(({ block }) => block <= asOf)
      .reduce((sum, { delta }) => sum + delta, 0n)
  }

  #closing(name: string, opening: bigint, after: number): number | undefined {
    return this.#changes(name).find(({ block }) => block > after && !isAmount(opening + this.#sumAt(name, block)))
      ?.block
  }

  #holdsSince(name: string, opening: bigint, through: number): number {
    const blocks = this.#changes(name).map(({ block }) => block)
    const bad = blocks.filter((block) => block <= through && !isAmount(opening + this.#sumAt(name, block))).at(-1)
    if (bad === undefined && isAmount(opening)) return 0
    return blocks.find((block) => block > (bad ?? -1)) ?? through
  }
}

/** A pair's name. */
export function nameOf({ account, asset, item }: Pick<Observation, 'account' | 'asset' | 'item'>): string {
  return `${account}/${assetKey(asset)}/${item}`
}

function compare(journal: bigint, chain: bigint): AdoptionResult {
  return journal === chain ? { outcome: 'equal' } : { outcome: 'different', journal }
}
