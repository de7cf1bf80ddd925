import { assetKey } from '../../core/asset.ts'
import type { Observation } from '../../core/balance.ts'
import { isFungible, STANDARDS } from '../../core/standards.ts'
import type { AdoptionResult } from '../audit-outcomes.ts'
import { find, type Plan, write } from '../plan.ts'
import { metWithoutLog, neverChanged, type Position } from '../position.ts'
import { blocks, openings } from '../tables/facts.ts'
import { type AssetRow, classOf, findAsset, findAssets, obtainAsset } from './assets.ts'
import { DoubtMarks } from './doubts.ts'
import { addReclassified, addToFeed } from './feed.ts'
import type { JournalRules } from './journal-rules.ts'
import { holds, readClock } from './own-blocks.ts'
import { type BalanceRow, keyOf, type PairKey, readPair, writePairs } from './pairs.ts'
import { newestOpening, newestSegment, SINCE_COVERAGE, sumAt } from './segments.ts'

const NOT_COVERED: AdoptionResult = { outcome: 'not_covered' }

/**
 * Compares reads of the chain with the journal, in order. Where the journal has no amount of its own at a read's block, it
 * adopts the read. If a read contradicts the journal, its pair is in doubt from then on.
 */
export function* adopt(reads: readonly Observation[], rules: JournalRules): Plan<readonly AdoptionResult[]> {
  const doubts = new DoubtMarks(rules)
  const results: AdoptionResult[] = []
  const adopted: number[] = []
  for (const read of reads) {
    const result = yield* adoptOne(read, rules, doubts)
    results.push(result)
    if (result.outcome === 'adopted' || result.outcome === 'reopened') adopted.push(read.block.number)
  }
  const isInDoubt = yield* doubts.publish()
  if (adopted.length > 0) {
    const last = adopted.reduce((a, b) => Math.max(a, b))
    // The amounts of earlier blocks follow from a read too.
    yield* addToFeed({ kind: 'adopted', first: rules.from, last })
  } else if (isInDoubt) yield* addReclassified(rules)
  return results
}

function* adoptOne(read: Observation, rules: JournalRules, doubts: DoubtMarks): Plan<AdoptionResult> {
  if (!(yield* holds(read.block))) return yield* whyNotOurs(read.block.number)
  const { account, asset, block } = read
  if (!rules.test.covers(account, asset) || block.number < rules.from) return NOT_COVERED
  const stored = yield* findAsset(asset)
  const accounting =
    stored === undefined
      ? (rules.fixed.get(assetKey(asset)) ?? 'events')
      : (yield* classOf(stored.id, rules)).accounting
  if (accounting !== 'events') return NOT_COVERED
  // An NFT contract that is read as a coin reports its number of items. That amount belongs to its NFT asset, not to
  // a coin.
  if (stored === undefined && isFungible(asset.standard) && (yield* isNft(asset.reference))) return NOT_COVERED
  // On a chain indexed from block 0, an asset that was never seen has the amount 0: compare with that. On any other
  // chain, a read of 0 does not show that the contract is a token, so do not adopt it. An asset that was never seen
  // is answered by reads anyway, so it needs no mark.
  if (stored === undefined && rules.opening === 0n) return compared(0n, read)
  if (stored === undefined && read.amount === 0n) return NOT_COVERED
  const pair = pairOf(stored ?? (yield* obtainAsset(asset)), read, rules)
  const result = yield* adoptPair(pair, read, rules)
  if (result.outcome === 'different' || result.outcome === 'reopened') yield* doubts.refutePair(pair)
  return result
}

function* whyNotOurs(number: number): Plan<AdoptionResult> {
  const { finalizedNumber } = yield* readClock()
  const isOld = finalizedNumber !== undefined && number <= finalizedNumber
  const isForgotten = isOld && (yield* find(blocks, { number })) === undefined
  return { outcome: isForgotten ? 'forgotten' : 'not_canonical' }
}

/** True if the contract is known to have items that are not fungible. */
function* isNft(reference: string): Plan<boolean> {
  const standards = STANDARDS.filter((standard) => !isFungible(standard))
  const rows = yield* findAssets(standards.map((standard) => ({ standard, reference })))
  return rows.some((row) => row !== undefined)
}

function* adoptPair(pair: PairKey, read: Observation, rules: JournalRules): Plan<AdoptionResult> {
  const position = yield* readPair(pair)
  if (position === undefined) {
    return rules.opening === 0n ? compared(0n, read) : yield* adoptRead(pair, { before: undefined, read, rules })
  }
  const { number } = read.block
  const newest = yield* newestOpening(pair)
  if (position.opening !== undefined && position.closedBlock === undefined) {
    if (newest !== undefined && number < newest.since) return NOT_COVERED
    return compared(position.opening + (yield* sumAt(pair, number)), read)
  }
  if (newest !== undefined && number <= newest.block) return NOT_COVERED
  // The sum left the range after this block, so the events neither confirm nor contradict an amount here.
  if (position.closedBlock !== undefined && number < position.closedBlock) return NOT_COVERED
  return yield* adoptRead(pair, { before: position, read, rules })
}

function* adoptRead(
  pair: PairKey,
  {
    before,
    read,
    rules,
  }: { readonly before: BalanceRow | undefined; readonly read: Observation; readonly rules: JournalRules },
): Plan<AdoptionResult> {
  const { amount, block } = read
  const { number, hash } = block
  const met = metWithoutLog(number, pair.asset)
  const fresh = { receivedBlock: undefined, lastBlock: number, closedBlock: undefined, fungible: pair.fungible }
  const after: Position = before === undefined ? { sum: 0n, opening: undefined, ...met, ...fresh } : { ...before }
  if (number < after.metBlock) Object.assign(after, met, neverChanged(after) ? { lastBlock: number } : {})
  if (amount > 0n) after.receivedBlock = Math.min(after.receivedBlock ?? number, number)
  yield* write((changes) =>
    changes.insert(openings, { ...keyOf(pair), block: number, hash, amount, since: SINCE_COVERAGE }),
  )
  Object.assign(after, yield* newestSegment(pair, rules.opening))
  yield* writePairs([{ pair, before, after }])
  const isWhole = before?.opening === undefined && (yield* newestOpening(pair))?.since === SINCE_COVERAGE
  return { outcome: isWhole ? 'adopted' : 'reopened' }
}

function pairOf(
  asset: AssetRow,
  { account, item, asset: { standard } }: Observation,
  { codec }: JournalRules,
): PairKey {
  return { account: codec.encode(account), asset: asset.id, item, fungible: isFungible(standard) }
}

function compared(journal: bigint, { amount }: Observation): AdoptionResult {
  return journal === amount ? { outcome: 'equal' } : { outcome: 'different', journal }
}
