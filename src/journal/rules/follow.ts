import { assert } from '../../core/assert.ts'
import type { BalanceKey } from '../../core/balance.ts'
import { ServiceError } from '../../core/errors.ts'
import type { BlockTransfers } from '../../core/transfer.ts'
import type { AccountHistory, AskedCoins, FollowedAccount, HistoryStored } from '../followed-account.ts'
import { type Plan, scan } from '../plan.ts'
import { balances } from '../tables/facts.ts'
import { assetsById, refOf } from './assets.ts'
import { Counts } from './counts.ts'
import { DoubtMarks } from './doubts.ts'
import { addToFeed } from './feed.ts'
import { findFollowed, putFollowed } from './followed-rows.ts'
import { applyHints, remeetHinted } from './hinted-pairs.ts'
import { noteHints } from './hints.ts'
import { rewritePairs } from './history.ts'
import type { JournalRules } from './journal-rules.ts'
import { mayHold, readClock } from './own-blocks.ts'
import { countRepaired } from './repair.ts'
import {
  keepBlock,
  logPosition,
  TransferEdits,
  type TransferRow,
  transferRows,
  transfersAt,
  without,
} from './transfers.ts'

/** Balances that are named to the caller: enough to compare a new account, some 100 kB. */
const MAX_NAMED = 1_000

type Edits = { readonly rules: JournalRules; readonly doubts: DoubtMarks; readonly edits: TransferEdits }

/**
 * Stores a part of the history of accounts below the last written block. `at`: Unix seconds. Cost: the given blocks, and
 * the changes of the affected pairs from those blocks on.
 * @throws BLOCK_CONFLICT a block is not ours
 */
export function* follow(history: AccountHistory, at: number, rules: JournalRules): Plan<HistoryStored> {
  yield* mustBeOurs(history, rules)
  const written = history.through === undefined ? undefined : (yield* readClock()).number
  const begun: { readonly one: FollowedAccount; readonly firstMet: number | undefined }[] = []
  for (const account of history.accounts) {
    const one = yield* begin(account, history, rules)
    begun.push({ one, firstMet: one.isCut ? yield* firstMetOf(account, rules) : undefined })
  }
  const doubts = new DoubtMarks(rules)
  const edits = new TransferEdits(rules, new Counts())
  const { inserted, removed } = yield* insertHistory(history.blocks, { rules, doubts, edits })
  const { met, unmet } = yield* edits.settleAssets()
  yield* noteHints(ownHints(history), { rules, doubts, at })
  const touched = edits.touched.all()
  yield* rewritePairs(touched, rules)
  for (const asset of met) yield* applyHints(asset, rules, doubts)
  for (const asset of unmet) yield* remeetHinted(asset, rules)
  for (const { one, firstMet } of begun) {
    yield* advance(one, { history, written, rules })
    yield* readAgain(one.account, firstMet, rules)
  }
  yield* countRepaired(inserted - removed)
  yield* doubts.publish()
  const { first, through } = history
  yield* addToFeed({ kind: 'adopted', first, last: through?.number ?? first })
  const { keeps } = rules.test
  const accounts = edits.touched.accounts().map(rules.codec.decode).filter(keeps)
  const rows = yield* assetsById(touched.map(({ pair }) => pair.asset))
  const named = touched.flatMap(({ pair: { account, asset, item } }): BalanceKey[] => {
    const row = rows.get(asset)
    return row === undefined ? [] : [{ account: rules.codec.decode(account), asset: refOf(row), item }]
  })
  return { inserted, touched: named.filter((key) => keeps(key.account)).slice(0, MAX_NAMED), accounts }
}

function* mustBeOurs({ first, through, blocks }: AccountHistory, rules: JournalRules): Plan<void> {
  if (through === undefined) {
    const isNew = (yield* readClock()).number === undefined
    assert(isNew && blocks.length === 0, 'without a block, nothing is written')
    return
  }
  const named = [through, ...blocks]
  for (const { number } of named) assert(number >= first && number <= through.number, 'a block lies in its range')
  const ours = new Set(yield* mayHold(named, rules))
  const other = named.find((block) => !ours.has(block))
  if (other === undefined) return
  const fields = { block: other.number, hash: other.hash }
  throw new ServiceError('BLOCK_CONFLICT', `block ${other.number} of a history is not ours`, { fields })
}

function* begin(account: string, { first, leads, asked }: AccountHistory, rules: JournalRules): Plan<FollowedAccount> {
  const start = rules.from - 1
  const state = { isFollowed: false, isLeaving: false, through: start, isCut: false, knownThrough: undefined }
  const known = (yield* findFollowed(account, rules)) ?? { account, leads, ...state }
  assert(!known.isLeaving, 'an account whose rows are being deleted is not followed before they are gone')
  assert(known.isFollowed || first <= (known.through ?? start) + 1, 'the parts of a history follow each other')
  const begun = asked === undefined ? known : { ...known, ...knownAfter(known, { asked, start }) }
  yield* putFollowed(begun, rules)
  return begun
}

function* insertHistory(
  blocks: readonly BlockTransfers[],
  { rules, doubts, edits }: Edits,
): Plan<{ readonly inserted: number; readonly removed: number }> {
  const [all, known] = [yield* transferRows(blocks, rules), yield* transfersAt(blocks.map(({ number }) => number))]
  let [inserted, removed] = [0, 0]
  for (const [index, block] of blocks.entries()) {
    const [wanted, stored] = [all[index] ?? [], known[index] ?? []]
    const missing = without(wanted, stored)
    const taken = new Set(missing.map(logPosition))
    const replaced = stored.filter((row) => taken.has(logPosition(row)))
    yield* edits.remove(replaced)
    if (missing.length > 0) yield* keepBlock(block)
    yield* edits.insert(missing)
    // Another account's transfer was stored before, without the changes of these accounts.
    yield* edits.addChanges(without(wanted, missing))
    // Two answers of nodes differ in what an event says: one of them was wrong.
    const positions = new Set(replaced.map(logPosition))
    const wrong = missing.filter((row) => positions.has(logPosition(row)))
    yield* doubts.lack(new Set([...replaced, ...wrong].map(({ asset }: TransferRow) => asset)), block)
    inserted += missing.length
    removed += replaced.length
  }
  return { inserted, removed }
}

/** The hints of the accounts of a history. Those of other accounts were stored with their blocks. */
function ownHints({ accounts, blocks }: AccountHistory): readonly BlockTransfers[] {
  const own = new Set(accounts)
  return blocks.flatMap(({ hints = [], ...block }) => {
    const named = hints.filter(({ account }) => own.has(account))
    return named.length === 0 ? [] : [{ ...block, hints: named }]
  })
}

type Progress = {
  readonly history: AccountHistory
  readonly written: number | undefined
  readonly rules: JournalRules
}

function* advance(one: FollowedAccount, { history, written, rules }: Progress): Plan<void> {
  const { through, leads, isWhole } = history
  const reached = through?.number
  const isFollowed = one.isFollowed || reached === written
  const pending = isFollowed ? undefined : Math.max(one.through ?? -1, reached ?? -1)
  const isRead = isWhole === true && reached !== undefined
  const knownThrough = isRead ? Math.max(one.knownThrough ?? -1, reached) : one.knownThrough
  const begins = isFollowed && one.isCut && knownThrough === rules.from - 1
  const first = begins ? yield* firstMetOf(one.account, rules) : undefined
  const known = first === undefined ? knownThrough : first - 1
  yield* putFollowed({ ...one, isFollowed, through: pending, leads, knownThrough: known }, rules)
}

/** An earlier first transfer of an account with a cut list was found: whole blocks are read again from there. */
function* readAgain(account: string, firstMet: number | undefined, rules: JournalRules): Plan<void> {
  if (firstMet === undefined) return
  const now = yield* findFollowed(account, rules)
  const first = yield* firstMetOf(account, rules)
  if (now?.knownThrough === undefined || first === undefined || first >= firstMet) return
  yield* putFollowed({ ...now, knownThrough: Math.min(now.knownThrough, first - 1) }, rules)
}

/** The first block in which an account met an asset. */
function* firstMetOf(account: string, { codec }: JournalRules): Plan<number | undefined> {
  const where = { account: codec.encode(account), item: '' }
  return (yield* scan(balances, { where, order: ['metBlock'], limit: 1 }))[0]?.metBlock
}

/** How far the transfers of an account are known after its coins were asked for. `start`: the block before the first one. */
function knownAfter(
  known: FollowedAccount,
  { asked, start }: { readonly asked: AskedCoins; readonly start: number },
): Pick<FollowedAccount, 'isCut' | 'knownThrough'> {
  const before = known.knownThrough ?? start
  const isCut = known.isCut || asked.cut.includes(known.account)
  return { isCut, knownThrough: isCut ? before : Math.max(before, asked.through) }
}
