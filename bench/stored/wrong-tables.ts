import type Database from 'better-sqlite3'
import { decodeAmount } from '../../src/journal/amount-codec.ts'
import { amountOf, MINT } from '../chain/generator.ts'
import { type ChainSums, encoderOf, type GeneratedChain } from './generated.ts'
import type { Told } from './told.ts'

/** A file of facts, and the generated chain that it must have. */
export type Facts = GeneratedChain & { readonly db: Database.Database }

/** The same, and where differences are told. */
export type StoredChain = Facts & { readonly told: Told }

/** Tables that have no rows: a generated chain has no odd tokens, and nothing of it is in doubt. */
const EMPTY = ['openings', 'turns', 'doubts', 'hints', 'refuted_pairs', 'refuted_assets', 'repaired']

type TransferRow = {
  readonly block: number
  readonly log: number
  readonly sub: number
  readonly asset: number
  readonly sender: Buffer | null
  readonly receiver: Buffer | null
  readonly item: Buffer
  readonly amount: Buffer
}

/** Compares every transfer in order, in all columns but the hash of its transaction. `tokens`: by the id of an asset. */
export function compareTransfers(stored: StoredChain, tokens: ReadonlyMap<number, number>): void {
  const { db, generator, names, chain, told } = stored
  const encode = encoderOf(chain)
  const { transfers, perBlock } = generator.shape
  const rows = db.prepare<[], TransferRow>('SELECT * FROM transfers NOT INDEXED ORDER BY block, log, sub').iterate()
  let index = 0
  for (const { block, log, sub, asset, sender, receiver, item, amount } of rows) {
    const movement = generator.movement(Math.min(index, transfers - 1))
    const from = movement.from === MINT ? '' : encode(names.accountAddress(movement.from))
    const same =
      block === Math.floor(index / perBlock) + 1 &&
      log === index % perBlock &&
      sub === 0 &&
      tokens.get(asset) === movement.token &&
      (sender?.toString('hex') ?? '') === from &&
      receiver?.toString('hex') === encode(names.accountAddress(movement.to)) &&
      item.length === 0 &&
      decodeAmount(amount) === amountOf(movement)
    if (!same && index < transfers) told.add(`transfer ${index} is not the generated one`)
    index++
  }
  if (index !== transfers) told.add(`${index} transfers, expected ${transfers}`)
}

type AssetRow = {
  readonly id: number
  readonly standard: string
  readonly reference: string
  readonly first_block: number | null
  readonly transfers: number
  readonly holders: number
  readonly supply: Buffer | null
}

const assetsOf = ({ db }: Facts) => db.prepare<[], AssetRow>('SELECT * FROM assets NOT INDEXED')

/** The number of the generator's token, by the id of its asset. */
export function tokensOf(stored: Facts, sums: ChainSums): ReadonlyMap<number, number> {
  const numbers = new Map<string, number>()
  for (const [token, transfers] of sums.transfersOf.entries()) {
    if (transfers > 0) numbers.set(stored.names.tokenAddress(token), token)
  }
  const tokens = new Map<number, number>()
  for (const { id, reference } of assetsOf(stored).iterate()) {
    const token = numbers.get(reference)
    if (token !== undefined) tokens.set(id, token)
  }
  return tokens
}

/** Compares the assets: supply, holders, transfers and first block. `holders`: by the number of the token. */
export function compareAssets(
  stored: StoredChain,
  tokens: ReadonlyMap<number, number>,
  { sums, holders }: { readonly sums: ChainSums; readonly holders: Uint32Array },
): void {
  const { told } = stored
  for (const row of assetsOf(stored).iterate()) {
    const token = tokens.get(row.id)
    if (token === undefined) {
      told.add(`assets has a row too many: ${row.reference}`)
      continue
    }
    const columns: readonly (readonly [string, unknown, unknown])[] = [
      ['standard', row.standard, 'erc20'],
      ['first_block', row.first_block, sums.firstBlockOf[token]],
      ['transfers', row.transfers, sums.transfersOf[token]],
      ['holders', row.holders, holders[token]],
      ['supply', row.supply === null ? null : decodeAmount(row.supply), sums.supplyOf(token)],
    ]
    for (const [column, found, expected] of columns) {
      if (found !== expected) told.add(`assets: ${row.reference} has ${column} ${found}, expected ${expected}`)
    }
  }
  const met = sums.transfersOf.reduce((all, transfers) => all + Math.sign(transfers), 0)
  if (tokens.size !== met) told.add(`${tokens.size} tokens in assets, expected ${met}`)
}

/**
 * Compares the count of each index with the generator and with its table. That each row of a table is in its indexes is
 * integrity_check's to say; with equal counts, both have the same rows.
 */
export function compareIndexes({ db, told }: StoredChain, expected: Readonly<Record<IndexName, number>>): void {
  for (const [name, count] of Object.entries(expected)) {
    const [table, own, where] = INDEXES[name as IndexName]
    try {
      const counted = (what: string, by: string): unknown =>
        db.prepare(`SELECT count(${what}) FROM ${table} ${by} WHERE ${where}`).pluck().get()
      // SQLite counts the table itself only by a column that no index has.
      const [listed, kept] = [counted('*', `INDEXED BY ${name}`), counted(own, 'NOT INDEXED')]
      if (listed !== count) told.add(`${name} has ${listed} rows, expected ${count}`)
      if (listed !== kept) told.add(`${name} has ${listed} rows, of ${kept} in ${table}`)
    } catch (error) {
      told.add(`${name}: ${String(error)}`)
    }
  }
}

const INDEXES = {
  transfers_by_asset: ['transfers', 'hash', 'asset >= 0'],
  balances_as_met: ['balances', 'sum', "item = x''"],
  balances_by_amount: ['balances', 'sum', "item = x'' AND amount > x'80'"],
} as const
/** The indexes whose rows are counted. */
export type IndexName = keyof typeof INDEXES

type ClockRow = { readonly number: number; readonly hash: Buffer; readonly transfers: number; readonly final: number }

/** Compares the clock and the blocks with the generator, and looks whether anything is in doubt. */
export function compareClock({ db, generator, told }: StoredChain): void {
  const { head, shape } = generator
  const clock = db.prepare<[], ClockRow>('SELECT number, hash, transfers, finalized_number AS final FROM clock').get()
  if (clock?.number !== head) told.add(`the published block is ${clock?.number}, expected ${head}`)
  if (clock?.transfers !== shape.transfers) {
    told.add(`the clock says ${clock?.transfers} transfers, expected ${shape.transfers}`)
  }
  if ((clock?.final ?? -1) > head) told.add(`the finalized block is ${clock?.final}, after the published one`)
  const blocks = db.prepare('SELECT number FROM blocks WHERE kept = 1 ORDER BY number').pluck().iterate()
  let next = 1
  for (const number of blocks) if (number === next) next++
  const count = db.prepare('SELECT count(*) FROM blocks WHERE kept = 1').pluck().get()
  if (next !== head + 1 || count !== head) told.add(`${count} blocks with transfers, expected 1 to ${head}`)
  const hash = db.prepare<[number], Buffer>('SELECT hash FROM blocks WHERE number = ?').pluck().get(head)
  if (hash === undefined || clock === undefined || !hash.equals(clock.hash)) {
    told.add('the published block has another hash in the clock than among the blocks')
  }
  for (const table of EMPTY) {
    const rows = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
    if (rows !== 0) told.add(`${table} has ${rows} rows, expected none`)
  }
}
