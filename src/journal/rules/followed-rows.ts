import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import type { FollowedAccount } from '../followed-account.ts'
import { find, type Plan, scan, write } from '../plan.ts'
import { chain, followed, ONE } from '../tables/facts.ts'
import type { Row } from '../tables/table.ts'
import type { JournalRules } from './journal-rules.ts'

/** A row of a followed account. */
export type FollowedRow = Row<typeof followed>

/** The account of a row. */
export function followedOf({ account, through, ...row }: FollowedRow, codec: AccountCodec): FollowedAccount {
  return {
    account: codec.decode(account),
    isFollowed: through === undefined && !row.leaving,
    through,
    isLeaving: row.leaving,
    leads: row.leads,
    knownThrough: row.knownThrough,
    isCut: row.cut,
  }
}

/** The stored account; undefined if it has no row. */
export function* findFollowed(account: string, { codec }: JournalRules): Plan<FollowedAccount | undefined> {
  const row = yield* find(followed, { account: codec.encode(account) })
  return row === undefined ? undefined : followedOf(row, codec)
}

/** Adds or changes an account. */
export function* putFollowed(one: FollowedAccount, { codec, from }: JournalRules): Plan<void> {
  const account = codec.encode(one.account)
  const before = yield* find(followed, { account })
  const through = one.isFollowed ? undefined : (one.through ?? from - 1)
  const { leads, knownThrough, isLeaving: leaving, isCut: cut } = one
  const after: FollowedRow = { account, through, leads, leaving, knownThrough, cut }
  if (before !== undefined && isSame(before, after)) return
  yield* write((changes) => changes.put(followed, before, after))
  if (one.isFollowed !== (before !== undefined && followedOf(before, codec).isFollowed)) yield* countFollowings()
}

/** Deletes an account. */
export function* dropFollowed(account: string, { codec }: JournalRules): Plan<void> {
  const before = yield* find(followed, { account: codec.encode(account) })
  if (before === undefined) return
  yield* write((changes) => changes.delete(followed, before))
  if (followedOf(before, codec).isFollowed) yield* countFollowings()
}

/** Records that blocks were read whole, which reveals all their transfers. */
export function* appendedWhole(first: number, through: number): Plan<void> {
  const rows = yield* scan(followed, { where: { knownThrough: first - 1 }, order: ['account'] })
  yield* write((changes) => {
    for (const row of rows) changes.update(followed, row, { ...row, knownThrough: through })
  })
}

/** Records that the rows above a block were removed. */
export function* rollBackFollowed(ancestor: number): Plan<void> {
  const partial = yield* scan(followed, { order: ['through'], after: [ancestor] })
  yield* write((changes) => {
    for (const row of partial) changes.update(followed, row, { ...row, through: ancestor })
  })
  const known = yield* scan(followed, { order: ['knownThrough'], after: [ancestor] })
  yield* write((changes) => {
    for (const row of known) changes.update(followed, row, { ...row, knownThrough: ancestor })
  })
}

function isSame(a: FollowedRow, b: FollowedRow): boolean {
  const { through, leads, leaving, knownThrough, cut } = b
  return (
    a.through === through &&
    a.leads === leads &&
    a.leaving === leaving &&
    a.knownThrough === knownThrough &&
    a.cut === cut
  )
}

function* countFollowings(): Plan<void> {
  const before = yield* find(chain, ONE)
  assert(before !== undefined, 'the row of the chain exists once the chain was claimed')
  yield* write((changes) => changes.update(chain, before, { ...before, followings: before.followings + 1 }))
}
