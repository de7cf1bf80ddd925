import type { AccountCodec } from '../../../core/account.ts'
import type { Observation } from '../../../core/balance.ts'
import type { Coverage, CoverageTest } from '../../../core/coverage.ts'
import { isFungible } from '../../../core/standards.ts'
import { encodeItem } from '../../../journal/amount-codec.ts'
import { metWithoutLog, neverChanged, type Position } from '../../../journal/position.ts'
import type { AdoptionResult } from '../../seam/audits.ts'
import type { StoredAsset } from '../../seam/store.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { PairKey, PairWriter } from './pair-writer.ts'
import type { Segments } from './segments.ts'

/** The dependencies of an `ObservationAdopter`. */
export type AdopterDeps = {
  readonly assets: AssetTable
  readonly pairs: PairWriter
  readonly segments: Segments
  readonly codec: AccountCodec
  readonly coverage: Coverage
  readonly test: CoverageTest
  readonly doubts: DoubtWriter
  /** The opening that coverage gives a pair: 0, or unknown. */
  readonly opening: bigint | undefined
}

const NOT_COVERED: AdoptionResult = { outcome: 'not_covered' }

/** Compares chain reads at stored blocks with the journal, or adopts them. Runs inside the journal's transaction. */
export class ObservationAdopter {
  readonly #deps: AdopterDeps

  constructor(deps: AdopterDeps) {
    this.#deps = deps
  }

  /**
   * Compares a read if the journal has its own amount at that block, else adopts it. The read's block must be stored.
   * If the read contradicts the journal, the pair is in doubt from then on.
   */
  compare(read: Observation): AdoptionResult {
    const { assets, test, coverage, doubts, opening, pairs } = this.#deps
    const { account, asset, block } = read
    if (!test.covers(account, asset) || block.number < coverage.from) return NOT_COVERED
    if (assets.accountingOf(asset) !== 'events') return NOT_COVERED
    const stored = assets.find(asset)
    // An NFT contract that is read as a coin reports its number of items. That amount belongs to its NFT asset, not to
    // a coin.
    if (stored === undefined && isFungible(asset.standard) && assets.isNft(asset.reference)) return NOT_COVERED
    // On a chain indexed from block 0, an asset that was never seen has the amount 0: compare with that. On any other
    // chain, a read of 0 does not show that the contract is a token, so do not adopt it. An asset that was never seen
    // is answered by reads anyway, so it needs no mark.
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
    // The sum left the range after this block, so the events neither confirm nor contradict an amount here.
    if (position.closedBlock !== undefined && number < position.closedBlock) return NOT_COVERED
    return this.#adopt(key, position, read)
  }

  #adopt(key: PairKey, before: Position | undefined, read: Observation): AdoptionResult {
    const { pairs, segments } = this.#deps
    const { number } = read.block
    const met = metWithoutLog(number, key.asset)
    const fresh = { receivedBlock: undefined, lastBlock: number, closedBlock: undefined, fungible: key.fungible }
    const after: Position = before === undefined ? { sum: 0n, opening: undefined, ...met, ...fresh } : { ...before }
    if (number < after.metBlock) Object.assign(after, met, neverChanged(after) ? { lastBlock: number } : {})
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
