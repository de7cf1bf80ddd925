import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { codecOf } from '../src/cli/account-codec.ts'
import { assert } from '../src/core/assert.ts'
import { parseChainId } from '../src/core/chain.ts'
import { decodeAmount } from '../src/journal/amount-codec.ts'
import { amountOf, type Generator, MINT, type Movement } from './chain/generator.ts'
import { expectedBalances, type Names } from './expected.ts'

/** Most differences that are told. */
const MAX_TOLD = 10

/** A stopped store, and the generated chain that it must have. `accounts`: those whose balances are compared. */
export type CheckedStore = {
  readonly folder: string
  readonly chain: string
  readonly generator: Generator
  readonly names: Names
  readonly accounts: readonly number[]
}

/**
 * Looks at the files of a store with SQLite itself: integrity_check of each, every stored transfer against the generator in
 * order, and the balances of some accounts. Returns what is wrong, in words.
 */
export function checkStore(store: CheckedStore): readonly string[] {
  const wrong: string[] = []
  const files = readdirSync(store.folder).filter((name) => name.endsWith('.db'))
  let compared = 0
  for (const name of files) {
    const db = new Database(join(store.folder, name), { readonly: true })
    try {
      const found: unknown[] = db.prepare('PRAGMA integrity_check').pluck().all()
      if (found[0] !== 'ok') wrong.push(`${name}: ${found.slice(0, MAX_TOLD).join('; ')}`)
      if (!isFactsOf(name, store.chain) || !hasTransfers(db)) continue
      compared++
      wrong.push(...wrongTransfers(db, store), ...wrongBalances(db, store))
    } finally {
      db.close()
    }
  }
  if (compared !== 1) wrong.push(`${compared} files have transfers of ${store.chain}`)
  return wrong
}

/** Compares the stored balances of some accounts alone. Returns what is wrong, in words. */
export function checkStoredBalances(store: CheckedStore): readonly string[] {
  const name = readdirSync(store.folder).find((file) => file.endsWith('.db') && isFactsOf(file, store.chain))
  const db = new Database(join(store.folder, name ?? ''), { readonly: true })
  try {
    return wrongBalances(db, store)
  } finally {
    db.close()
  }
}

function isFactsOf(name: string, chain: string): boolean {
  return name.startsWith(`${chain.replace(':', '_')}.`)
}

function hasTransfers(db: Database.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'transfers'").get() !== undefined
}

function wrongTransfers(db: Database.Database, { generator, names, chain }: CheckedStore): readonly string[] {
  const encode = encoderOf(chain)
  const wrong: string[] = []
  const assets = new Map<unknown, string>(
    db
      .prepare<[], { id: number; reference: string }>('SELECT id, reference FROM assets')
      .all()
      .map(({ id, reference }) => [id, reference]),
  )
  const rows = db
    .prepare<[], StoredRow>('SELECT asset, sender, receiver, amount FROM transfers ORDER BY block, log, sub')
    .iterate()
  let index = 0
  for (const { asset, sender, receiver, amount } of rows) {
    if (index < generator.shape.transfers && wrong.length < MAX_TOLD) {
      const movement: Movement = generator.movement(index)
      const from = movement.from === MINT ? '' : encode(names.accountAddress(movement.from))
      const same =
        assets.get(asset) === names.tokenAddress(movement.token) &&
        (sender?.toString('hex') ?? '') === from &&
        receiver?.toString('hex') === encode(names.accountAddress(movement.to)) &&
        decodeAmount(amount) === amountOf(movement)
      if (!same) wrong.push(`transfer ${index} is not the generated one`)
    }
    index++
  }
  if (index !== generator.shape.transfers) wrong.push(`${index} transfers, expected ${generator.shape.transfers}`)
  return wrong
}

type StoredRow = {
  readonly asset: number
  readonly sender: Buffer | null
  readonly receiver: Buffer | null
  readonly amount: Buffer
}

function wrongBalances(db: Database.Database, { generator, names, accounts, chain }: CheckedStore): readonly string[] {
  const encode = encoderOf(chain)
  const wrong: string[] = []
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
      if (rows.get(token) !== amount) wrong.push(`${account} ${token}: expected ${amount}, stored ${rows.get(token)}`)
    }
    if (rows.size !== expected.size) wrong.push(`${account}: ${rows.size} tokens, expected ${expected.size}`)
  }
  return wrong.slice(0, MAX_TOLD)
}

function encoderOf(chain: string): (address: string) => string {
  const id = parseChainId(chain)
  const codec = id === undefined ? undefined : codecOf(id)
  assert(codec !== undefined, 'the generated chain is of a known kind')
  return (address) => codec.encode(address).toString('hex')
}
