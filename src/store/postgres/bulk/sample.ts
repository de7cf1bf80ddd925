import { join } from 'node:path'
import type { AccountCodec } from '../../../core/account.ts'
import { isFungible } from '../../../core/standards.ts'
import type { Transfer } from '../../../core/transfer.ts'
import { encodeAmount, encodeItem } from '../../../journal/amount-codec.ts'
import { encodeHash } from '../../../journal/hash-codec.ts'
import { itemsOfSide, sidesOf } from '../../../journal/sides.ts'
import type { Expected } from '../../seam/bulk-check.ts'
import type { Queries } from '../database.ts'
import { readBuilt } from './copy-sink.ts'
import { readNote, writeNote } from './notes.ts'

/** Which rows a database must have: as hex digits where they are bytes. */
type SampledTransfer = {
  readonly place: readonly [block: number, event: number, part: number]
  readonly standard: string
  readonly reference: string
  readonly row: readonly (string | null)[]
  /** Its sides of kept accounts: account, item, delta. */
  readonly sides: readonly (readonly [string, string, string])[]
}

const FILE = 'sample'

/**
 * Looks whether the files of a build have as many rows as it counted. Leaves transfers of its log for the one who copies the files
 * to a database, with what must follow from them. Returns what is wrong; undefined if nothing.
 */
export function leaveSample(
  folder: string,
  codec: AccountCodec,
  { rows, sample, keeps }: Pick<Expected, 'rows' | 'sample' | 'keeps'>,
): string | undefined {
  const { counts } = readBuilt(folder)
  for (const table of ['transfers', 'changes', 'balances', 'accounts', 'assets'] as const) {
    if (counts[table] !== rows[table]) return `${table} has ${counts[table]} rows, not ${rows[table]}`
  }
  writeNote(
    join(folder, FILE),
    sample.map(({ block, transfer }) => sampled(block, transfer, { codec, keeps })),
  )
  return undefined
}

function sampled(
  block: number,
  transfer: Transfer,
  { codec, keeps }: { readonly codec: AccountCodec; readonly keeps: Expected['keeps'] },
): SampledTransfer {
  const { asset, event, part, from, to, item, amount, transactionHash } = transfer
  const hex = (account: string | undefined): string | null =>
    account === undefined ? null : codec.encode(account).toString('hex')
  const fungible = isFungible(asset.standard)
  const values = [encodeItem(item), encodeAmount(amount), encodeHash(transactionHash)].map((value) =>
    value.toString('hex'),
  )
  const kept = sidesOf(transfer, (one, other) => one === other).filter(({ account }) => keeps(account))
  const sides = kept.flatMap(({ account, delta }) =>
    itemsOfSide(encodeItem(item), { none: Buffer.alloc(0), fungible }).map(
      (own) => [hex(account) ?? '', own.toString('hex'), encodeAmount(delta).toString('hex')] as const,
    ),
  )
  return { place: [block, event, part], ...asset, row: [hex(from), hex(to), ...values], sides }
}

/** Looks up the transfers of the sample in filled tables, and all rows that follow from them. Returns what is wrong; undefined if nothing. */
export async function findSampleFault(queries: Queries, folder: string): Promise<string | undefined> {
  const sample = readNote<readonly SampledTransfer[]>(join(folder, FILE))
  for (const one of sample) {
    const fault = await transferFault(queries, one)
    if (fault !== undefined) return `the transfer ${one.place.join('/')} ${fault}`
  }
  return undefined
}

async function transferFault(
  queries: Queries,
  { place, standard, reference, row, sides }: SampledTransfer,
): Promise<string | undefined> {
  const found = await queries.get(TRANSFER, ...place)
  if (found === undefined) return 'is missing'
  const [asset, ...stored] = found
  const wanted = [standard, reference, ...row]
  if (!wanted.every((value, index) => stored[index] === value)) return 'differs from the log'
  if ((await queries.get('SELECT 1 FROM blocks WHERE number = ? AND kept = 1', place[0])) === undefined)
    return 'has no block'
  for (const [account, item, delta] of sides) {
    const pair = [Buffer.from(account, 'hex'), Number(asset), Buffer.from(item, 'hex')] as const
    const [changed] = (await queries.get(CHANGE, ...pair, ...place)) ?? []
    if (changed !== delta) return 'lacks a change'
    const [sum, last] = (await queries.get(BALANCE, ...pair)) ?? []
    if (sum === undefined || sum !== last) return 'has a balance that is not the last sum'
    if ((await queries.get('SELECT 1 FROM accounts WHERE account = ?', pair[0])) === undefined)
      return 'lacks an account'
  }
  return undefined
}

const TRANSFER = `SELECT t.asset, a.standard, a.reference, encode(t.sender, 'hex'), encode(t.receiver, 'hex'),
    encode(t.item, 'hex'), encode(t.amount, 'hex'), encode(t.hash, 'hex')
  FROM transfers t JOIN assets a ON a.id = t.asset WHERE t.block = ? AND t.log = ? AND t.sub = ?`
const CHANGE = `SELECT encode(delta, 'hex') FROM changes
  WHERE account = ? AND asset = ? AND item = ? AND block = ? AND log = ? AND sub = ?`
const BALANCE = `SELECT encode(b.sum, 'hex'), (SELECT encode(c.sum, 'hex') FROM changes c
    WHERE c.account = b.account AND c.asset = b.asset AND c.item = b.item ORDER BY c.block DESC, c.log DESC, c.sub DESC LIMIT 1)
  FROM balances b WHERE b.account = ? AND b.asset = ? AND b.item = ?`
