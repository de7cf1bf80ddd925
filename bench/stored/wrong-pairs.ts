import type Database from 'better-sqlite3'
import { decodeAmount, encodeAmount } from '../../src/journal/amount-codec.ts'
import { type Generator, MINT_AMOUNT } from '../chain/generator.ts'
import type { Pass } from './generated.ts'
import { type Delta, mixChange } from './pairs.ts'
import type { Told } from './told.ts'

/** The pairs of a pass, and where they must be stored. `tokens`: the number of each token, by the id of its asset. */
export type StoredPass = {
  readonly db: Database.Database
  readonly generator: Generator
  readonly tokens: ReadonlyMap<number, number>
  readonly pass: Pass
  /** Accounts that hold each token: those of the pass are added. */
  readonly holders: Uint32Array
  readonly told: Told
}

type Key = { readonly account: Buffer; readonly asset: number; readonly item: Buffer }
type BalanceRow = Key & {
  readonly sum: Buffer
  readonly opening: Buffer | null
  readonly amount: Buffer | null
  readonly met_block: number
  readonly met_log: number
  readonly met_sub: number
  readonly received_block: number | null
  readonly last_block: number
  readonly closed_block: number | null
  readonly fungible: number
}
type ChangeRow = Key & {
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly delta: Buffer
  readonly sum: Buffer
}

const KEY_BYTES = 2

/** Compares the rows of a pass of balances, changes and accounts with what was generated, in all columns. */
export function comparePass(stored: StoredPass): void {
  const { pass, holders } = stored
  for (let at = 0; at < pass.pairs.size; at++) {
    const { token } = pass.pairs.nameOf(at)
    if (pass.pairs.read(at).sum > 0n) holders[token] = (holders[token] ?? 0) + 1
  }
  compareBalances(stored)
  compareChanges(stored)
  compareAccounts(stored)
}

function compareBalances(stored: StoredPass): void {
  const { pass, told, generator } = stored
  const { pairs } = pass
  for (const row of rowsOf<BalanceRow>(stored, 'balances', 'account, asset, item')) {
    const at = pairOf(stored, row)
    if (at === undefined) {
      told.add(`balances has a row too many: ${nameOf(row)}`)
      continue
    }
    pairs.see(at)
    const { sum, met, received, last } = pairs.read(at)
    const [metAt, encoded] = [placeOf(generator, met), encodeAmount(sum)]
    const columns: Readonly<Record<string, boolean>> = {
      sum: encoded.equals(row.sum),
      opening: row.opening !== null && decodeAmount(row.opening) === 0n,
      amount: row.amount !== null && encoded.equals(row.amount),
      met: row.met_block === metAt.block && row.met_log === metAt.log && row.met_sub === 0,
      received_block: row.received_block === (received === undefined ? null : placeOf(generator, received).block),
      last_block: row.last_block === placeOf(generator, last).block,
      closed_block: row.closed_block === null,
      fungible: row.fungible === 1,
    }
    for (const [column, isRight] of Object.entries(columns)) {
      if (!isRight) told.add(`balances: ${nameOf(row)} has another ${column} than was generated`)
    }
  }
  tellUnseen(stored, 'balances')
}

/** The changes of a pair that were read, in order. */
type Read = { readonly at: number | undefined; readonly row: ChangeRow; sum: bigint; changes: number; hash: number }

function compareChanges(stored: StoredPass): void {
  const { generator, told } = stored
  let read: Read | undefined
  for (const row of rowsOf<ChangeRow>(stored, 'changes', 'account, asset, item, block, log, sub')) {
    if (read === undefined || !isSamePair(read.row, row)) {
      endPair(stored, read)
      read = { at: pairOf(stored, row), row, sum: 0n, changes: 0, hash: 0 }
    }
    const delta = decodeAmount(row.delta)
    read.sum += delta
    read.changes++
    const { start, end } = generator.span(row.block)
    const index = start + row.log
    if (row.sub !== 0 || index >= end) told.add(`changes: ${nameOf(row)} has a place that no transfer has`)
    read.hash = mixChange(read.hash, { index, delta: partsOf(delta) })
    if (!encodeAmount(read.sum).equals(row.sum)) told.add(`changes: ${nameOf(row)} has a wrong sum at ${row.block}`)
  }
  endPair(stored, read)
  tellUnseen(stored, 'changes')
}

function endPair({ pass, told }: StoredPass, read: Read | undefined): void {
  if (read === undefined) return
  if (read.at === undefined) {
    told.add(`changes has rows too many: ${nameOf(read.row)}`)
    return
  }
  pass.pairs.see(read.at)
  const { changes, hash, sum } = pass.pairs.read(read.at)
  if (changes !== read.changes) told.add(`changes: ${nameOf(read.row)} has ${read.changes} rows, expected ${changes}`)
  else if (hash !== read.hash || sum !== read.sum) told.add(`changes: ${nameOf(read.row)} has other changes`)
}

function compareAccounts(stored: StoredPass): void {
  const { pass, told } = stored
  const [assets, received] = [new Map<number, number>(), new Map<number, number>()]
  for (let at = 0; at < pass.pairs.size; at++) {
    const { account } = pass.pairs.nameOf(at)
    assets.set(account, (assets.get(account) ?? 0) + 1)
    if (pass.pairs.read(at).received !== undefined) received.set(account, (received.get(account) ?? 0) + 1)
  }
  for (const row of rowsOf<AccountRow>(stored, 'accounts', 'account')) {
    const [name, stored] = [row.account.toString('hex'), `${row.assets}, ${row.received} received`]
    const account = pass.accounts.get(name) ?? -1
    const wanted = `${assets.get(account)}, ${received.get(account) ?? 0} received`
    if (!assets.has(account)) told.add(`accounts has a row too many: ${name}`)
    else if (stored !== wanted) told.add(`accounts: ${name} has ${stored}, expected ${wanted}`)
    assets.delete(account)
  }
  if (assets.size > 0) told.add(`accounts lacks ${assets.size} rows`)
}

type AccountRow = { readonly account: Buffer; readonly assets: number; readonly received: number }

/** The rows of a pass, in the order of their keys, from the table itself. */
function rowsOf<T>({ db, pass }: StoredPass, table: string, order: string): Iterable<T> {
  const key = (range: number): Buffer => {
    const bytes = Buffer.alloc(KEY_BYTES)
    bytes.writeUInt16BE(range)
    return bytes
  }
  // The first pass begins at the first row.
  const from = pass.from === 0 ? Buffer.alloc(0) : key(pass.from)
  const below = pass.below === undefined ? [] : [key(pass.below)]
  const end = pass.below === undefined ? '' : 'AND account < ?'
  return db
    .prepare<Buffer[], T>(`SELECT * FROM ${table} NOT INDEXED WHERE account >= ? ${end} ORDER BY ${order}`)
    .iterate(from, ...below)
}

function pairOf({ pass, tokens }: StoredPass, { account, asset, item }: Key): number | undefined {
  const [number, token] = [pass.accounts.get(account.toString('hex')), tokens.get(asset)]
  return number === undefined || token === undefined || item.length > 0 ? undefined : pass.pairs.find(number, token)
}

function tellUnseen({ pass, told }: StoredPass, table: string): void {
  const unseen = [...pass.pairs.takeUnseen()]
  if (unseen.length > 0) told.add(`${table} lacks the rows of ${unseen.length} pairs`)
}

/** The place of a transfer: the generator's blocks have no other logs. */
function placeOf(generator: Generator, index: number) {
  const { perBlock } = generator.shape
  return { block: Math.floor(index / perBlock) + 1, log: index % perBlock }
}

function partsOf(delta: bigint): Delta {
  if (delta === MINT_AMOUNT) return { sign: 'mint', high: 0, low: 0 }
  const size = delta < 0n ? -delta : delta
  const sign = delta === 0n ? 0 : delta < 0n ? -1 : 1
  return { sign, high: Number(size >> 32n), low: Number(size & 0xffff_ffffn) }
}

function isSamePair(a: Key, b: Key): boolean {
  return a.asset === b.asset && a.account.equals(b.account) && a.item.equals(b.item)
}

function nameOf({ account, asset, item }: Key): string {
  return `${account.toString('hex')} ${asset}${item.length === 0 ? '' : ` ${item.toString('hex')}`}`
}
