import type { AccountCodec } from '../../../core/account.ts'
import { type BalanceKey, balanceName, type Observation } from '../../../core/balance.ts'
import type { BlockRef } from '../../../core/block.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import type { TableEngine } from '../../engine/table-engine.ts'
import { bytes, int } from '../../rows/columns.ts'
import { type ObservedKey, OF_KEY, observedKey } from '../../rows/observation-rows.ts'
import type { ReadSince, ReadTrail } from '../../seam/pairs.ts'
import { inLockOrder } from '../lock-order.ts'
import { ALONE, each, type Query, rowOf } from '../query.ts'

const KEY = ['bytes', 'text', 'text', 'bytes'] as const
const NEWEST = each(`SELECT block, amount, observed_at FROM trail WHERE ${OF_KEY} AND block <= ? ORDER BY block DESC`, [
  ...KEY,
  'int',
])
const LEAST = each(`SELECT amount FROM trail WHERE ${OF_KEY} AND block >= ? ORDER BY amount`, [...KEY, 'int'])
const PUT = each(
  `INSERT INTO trail (account, reference, standard, item, block, amount, observed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
   ON CONFLICT (account, reference, standard, item, block) DO UPDATE SET
     amount = excluded.amount, observed_at = excluded.observed_at`,
  [...KEY, 'int', 'bytes', 'int'],
)
const FORGET = each(`DELETE FROM trail WHERE ${OF_KEY} AND block < ?`, [...KEY, 'int'])

const DROP_ABOVE = rowOf('DELETE FROM trail WHERE block > ?')

/** Deletes the reads above a block, in a transaction that may have others to itself already. */
export function* dropTrailAbove(block: number): Query<void> {
  yield [ALONE, 'trail']
  yield [DROP_ABOVE, block]
}

/** A read, its key as it is stored, and the key's name. */
type Keyed = { readonly name: string; readonly key: ObservedKey; readonly read: Observation }

/** Reads of balances of a chain over the blocks that are not final yet, on any engine. */
export class StoredTrail implements ReadTrail {
  readonly #engine: TableEngine
  readonly #codec: AccountCodec

  constructor(engine: TableEngine, codec: AccountCodec) {
    this.#engine = engine
    this.#codec = codec
  }

  async add(reads: readonly Observation[], finalized: BlockRef): Promise<void> {
    const keyed = reads.map((read) => ({ name: balanceName(read), key: observedKey(read, this.#codec), read }))
    const rounds = inRounds(inLockOrder(keyed, ({ name }) => name))
    await this.#engine.write(function* (): Query<void> {
      for (const round of rounds) yield* add(round, finalized.number)
    })
  }

  async since(keys: readonly BalanceKey[], block: number): Promise<readonly ReadSince[]> {
    const stored = keys.map((key) => observedKey(key, this.#codec))
    return this.#engine.read(() => since(stored, block))
  }
}

/** Reads of distinct keys, those of one key in rounds one after the other. */
function inRounds(reads: readonly Keyed[]): readonly (readonly Keyed[])[] {
  const rounds: Keyed[][] = []
  const counts = new Map<string, number>()
  for (const one of reads) {
    const round = counts.get(one.name) ?? 0
    counts.set(one.name, round + 1)
    const others = rounds[round]
    if (others === undefined) rounds.push([one])
    else others.push(one)
  }
  return rounds
}

function* add(reads: readonly Keyed[], finalized: number): Query<void> {
  const before = yield [NEWEST, reads.map(({ key, read }) => [...key, read.block.number] as const)]
  const changed = reads.filter(({ read }, index) => {
    const amount = before[index]?.[1]
    return amount === undefined || !bytes(amount).equals(encodeAmount(read.amount))
  })
  yield [
    PUT,
    changed.map(({ key, read }) => [...key, read.block.number, encodeAmount(read.amount), read.observedAt] as const),
  ]
  const bases = yield [NEWEST, reads.map(({ key }) => [...key, finalized] as const)]
  yield [FORGET, reads.flatMap(({ key }, index) => withBlock(key, bases[index]?.[0]))]
}

/** A key with the block that was found for it; none if none was found. */
function withBlock(key: ObservedKey, block: unknown): readonly (readonly [...ObservedKey, number])[] {
  return block === undefined ? [] : [[...key, int(block)]]
}

function* since(keys: readonly ObservedKey[], block: number): Query<readonly ReadSince[]> {
  const bases = yield [NEWEST, keys.map((key) => [...key, block] as const)]
  const newest = yield [NEWEST, keys.map((key) => [...key, Number.MAX_SAFE_INTEGER] as const)]
  const known = keys.flatMap((key, index) => withBlock(key, bases[index]?.[0]).map((from) => ({ from, index })))
  const least = yield [LEAST, known.map(({ from }) => from)]
  const leastOf = new Map(known.map(({ index }, at) => [index, decodeAmount(bytes(least[at]?.[0]))]))
  return keys.map((_, index) => {
    const changedAt = newest[index]?.[2]
    return { least: leastOf.get(index), changedAt: changedAt === undefined ? undefined : int(changedAt) }
  })
}
