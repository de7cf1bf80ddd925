import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { decodeAmount } from '../src/journal/amount-codec.ts'
import { expectedBalances } from './expected.ts'
import { ChainSums, encoderOf, type GeneratedChain } from './stored/generated.ts'
import { Told } from './stored/told.ts'
import { comparePass } from './stored/wrong-pairs.ts'
import {
  compareAssets,
  compareClock,
  compareIndexes,
  compareTransfers,
  type Facts,
  type StoredChain,
  tokensOf,
} from './stored/wrong-tables.ts'

/** Most lines of integrity_check that are told. */
const MAX_LINES = 10

/** A stopped store, and the generated chain that it must have. */
export type CheckedStore = GeneratedChain & { readonly folder: string }

/**
 * Looks at the files of a store: integrity_check of each, and every row of the chain's facts against the generator, in
 * bounded memory: transfers, changes, balances, accounts, assets, indexes, blocks and the clock. Hashes and times are not
 * compared, since they come from the node. Returns what is wrong, in words.
 */
export function checkStore(store: CheckedStore): readonly string[] {
  const wrong: string[] = []
  const files = readdirSync(store.folder).filter((name) => name.endsWith('.db'))
  let compared = 0
  for (const name of files) {
    const db = new Database(join(store.folder, name), { readonly: true })
    try {
      wrong.push(...unsound(db).map((line) => `${name}: ${line}`))
      if (!isFactsOf(name, store.chain)) continue
      compared++
      wrong.push(...compareFacts({ ...store, db }))
    } finally {
      db.close()
    }
  }
  if (compared !== 1) wrong.push(`${compared} files have facts of ${store.chain}`)
  return wrong
}

/** What SQLite says of a file, if it is not sound. */
function unsound(db: Database.Database): readonly string[] {
  try {
    const found: unknown[] = db.prepare('PRAGMA integrity_check').pluck().all()
    return found[0] === 'ok' ? [] : [found.slice(0, MAX_LINES).join('; ')]
  } catch (error) {
    return [String(error)]
  }
}

/** Compares a file of facts. What cannot be read is wrong too, and ends the comparison. */
function compareFacts(facts: Facts): readonly string[] {
  const parts: Told[] = []
  // So that many faults of one part do not hide those of the others.
  const part = (): StoredChain => {
    const told = new Told()
    parts.push(told)
    return { ...facts, told }
  }
  try {
    compareClock(part())
    const sums = new ChainSums(facts)
    const tokens = tokensOf(facts, sums)
    compareTransfers(part(), tokens)
    const holders = new Uint32Array(sums.tokens)
    let pairs = 0
    const stored = part()
    for (const pass of sums.passes()) {
      comparePass({ ...stored, tokens, pass, holders })
      pairs += pass.pairs.size
    }
    compareAssets(part(), tokens, { sums, holders })
    compareIndexes(part(), {
      transfers_by_asset: facts.generator.shape.transfers,
      balances_as_met: pairs,
      balances_by_amount: holders.reduce((all, some) => all + some, 0),
    })
  } catch (error) {
    return [...parts.flatMap((told) => told.all()), String(error)]
  }
  return parts.flatMap((told) => told.all())
}

/** Compares the stored balances of some accounts alone. Returns what is wrong, in words. */
export function checkStoredBalances(store: CheckedStore, accounts: readonly number[]): readonly string[] {
  const name = readdirSync(store.folder).find((file) => isFactsOf(file, store.chain))
  const db = new Database(join(store.folder, name ?? ''), { readonly: true })
  try {
    return wrongBalances({ ...store, db, told: new Told() }, accounts)
  } finally {
    db.close()
  }
}

/** True for the file of a chain's facts: the first one, or that of a generation. */
function isFactsOf(name: string, chain: string): boolean {
  return name.startsWith(`${chain.replace(':', '_')}.`) && /^[^.]*(\.g\d+)?\.db$/.test(name)
}

function wrongBalances(stored: StoredChain, accounts: readonly number[]): readonly string[] {
  const { db, generator, names, chain, told } = stored
  const encode = encoderOf(chain)
  const held = db.prepare<[Buffer], { reference: string; amount: Buffer | null }>(
    `SELECT reference, amount FROM balances JOIN assets ON assets.id = asset WHERE account = ? AND item = x''`,
  )
  for (const [account, expected] of expectedBalances(generator, names, accounts)) {
    const rows = new Map(
      held.all(Buffer.from(encode(account), 'hex')).map(({ reference, amount }) => {
        return [reference, amount === null ? undefined : decodeAmount(amount)]
      }),
    )
    for (const [token, amount] of expected) {
      if (rows.get(token) !== amount) told.add(`${account} ${token}: expected ${amount}, stored ${rows.get(token)}`)
    }
    if (rows.size !== expected.size) told.add(`${account}: ${rows.size} tokens, expected ${expected.size}`)
  }
  return told.all()
}
