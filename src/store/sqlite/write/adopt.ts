import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/asset.ts'
import type { Observation } from '../../../core/balance.ts'
import type { Coverage, CoverageTest } from '../../../core/coverage.ts'
import type { AdoptionResult } from '../../seam/audits.ts'
import type { StoredAsset } from '../../seam/store.ts'
import { encodeItem } from '../rows/amount-codec.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import { type Position, REST_OF_BLOCK } from '../rows/position.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { PairKey, PairWriter } from './pair-writer.ts'
import type { Segments } from './segments.ts'

export type AdopterDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly test: CoverageTest
  readonly doubts: DoubtWriter
  /** What a pair begins with by coverage. */
  readonly opening: bigint | undefined
}

const NOT_COVERED: AdoptionResult = { outcome: 'not_covered' }

/** Holds reads of the chain at blocks of ours against the journal. Runs inside the journal's transaction. */
export class ObservationAdopter {
  readonly #deps: AdopterDeps

  constructor(deps: AdopterDeps) {
    this.#deps = deps
  }

  /**
   * Compares a read where the journal has an amount of its own, else adopts it. Its block is one that we hold. What the
   * read contradicts is in doubt from here on.
   */
  compare(read: Observation): AdoptionResult {
    const { assets, test, coverage, doubts, opening, pairs } = this.#deps
    const { account, asset, block } = read
    if (!test.covers(account, asset) || block.number < coverage.from) return NOT_COVERED
    if (assets.accountingOf(asset) !== 'events') return NOT_COVERED
    const stored = assets.find(asset)
    // Asked as a coin, a contract of NFTs counts them: its amounts are those of its other asset.
    if (stored === undefined && isFungible(asset.standard) && assets.isNft(asset.reference)) return NOT_COVERED
    // Where coverage began with the chain, what it never saw is nothing; else what was never seen and is nothing tells
    // no token from any other contract. What was never seen is read anyway: it needs no mark.
    if (stored === undefined && opening === 0n) return compare(0n, read)
    if (stored === undefined && read.amount === 0n) return NOT_COVERED
    const key = this.#key(stored ?? assets.add(asset, undefined), read)
    const result = this.#compareStored(key, pairs.read(key), read)
    if (result.outcome === 'different' || result.outcome === 'reopened') doubts.refutePair(key)
    return result
  }

  #compareStored(key: PairKey, position: Position | undefined, read: Observation): AdoptionResult {
    if (position !== undefined) return this.#comparePair(key, position, read)
    return this.#deps.opening === 0n ? compare(0n, read) : this.#adopt(key, undefined, read)
  }

  #comparePair(key: PairKey, position: Position, read: Observation): AdoptionResult {
    const { segments } = this.#deps
    const { number } = read.block
    const newest = segments.newest(key)
    if (position.opening !== undefined && position.closedBlock === undefined) {
      if (newest !== undefined && number < newest.since) return NOT_COVERED
      return compare(position.opening + segments.sumAt(key, number), read)
    }
    if (newest !== undefined && number <= newest.block) return NOT_COVERED
    // What closed later says nothing against what the events say now of that block, nor for it.
    if (position.closedBlock !== undefined && number < position.closedBlock) return NOT_COVERED
    return this.#adopt(key, position, read)
  }

  #adopt(key: PairKey, before: Position | undefined, read: Observation): AdoptionResult {
    const { pairs, segments } = this.#deps
    const { number } = read.block
    const met = { metBlock: number, metLog: REST_OF_BLOCK, metSub: key.asset }
    const fresh = { receivedBlock: undefined, lastBlock: number, closedBlock: undefined, fungible: key.fungible }
    const after: Position = before === undefined ? { sum: 0n, opening: undefined, ...met, ...fresh } : { ...before }
    if (number < after.metBlock) Object.assign(after, met)
    if (read.amount > 0n) after.receivedBlock = Math.min(after.receivedBlock ?? number, number)
    segments.add(key, read)
    Object.assign(after, segments.recompute(key))
    pairs.write(key, before, after)
    const whole = before?.opening === undefined && segments.newest(key)?.since === 0
    return { outcome: whole ? 'adopted' : 'reopened' }
  }

  #key(asset: StoredAsset, { account, item }: Observation): PairKey {
    const fungible = isFungible(asset.asset.standard)
    return { account: this.#deps.codec.encode(account), asset: asset.id, item: encodeItem(item), fungible }
  }
}

function compare(journal: bigint, { amount }: Observation): AdoptionResult {
  return journal === amount ? { outcome: 'equal' } : { outcome: 'different', journal }
}
