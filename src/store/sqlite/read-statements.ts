import type { SqliteDatabase, Statement } from './database.ts'

export type ReadStatements = ReturnType<typeof prepareReads>

const PAGE = "SELECT asset, hex(amount) FROM balances WHERE account = ? AND item = x''"
const ORDER = 'ORDER BY met_block, met_log, met_sub LIMIT ? OFFSET ?'

/** What an account had met by a block: how many assets (account, block), and a page (and limit, offset) of their ids. */
function pastPage(sql: (text: string) => Statement, which: string) {
  const from = `FROM balances WHERE account = ? AND item = x'' AND ${which}`
  return { count: sql(`SELECT count(*) ${from}`).pluck(), ids: sql(`SELECT asset ${from} ${ORDER}`).pluck() }
}

/** The statements of a chain's read side, prepared once. */
export function prepareReads(db: SqliteDatabase) {
  const sql = (text: string): Statement => db.prepare<unknown[]>(text)
  return {
    balance: sql(
      'SELECT amount, last_block, opening, closed_block FROM balances WHERE account = ? AND asset = ? AND item = ?',
    ).raw(),
    isRefuted: sql('SELECT 1 FROM refuted_pairs WHERE asset = ? AND account = ? AND item = ?').pluck(),
    refutedOf: sql('SELECT 1 FROM refuted_pairs WHERE asset = ? LIMIT 1').pluck(),
    // Refuted balances of an account that has no row: an asset that its list lacks.
    lacksRow: sql(
      `SELECT 1 FROM refuted_pairs r WHERE account = ? AND NOT EXISTS
       (SELECT 1 FROM balances b WHERE b.account = r.account AND b.asset = r.asset AND b.item = r.item) LIMIT 1`,
    ).pluck(),
    since: sql(
      'SELECT since FROM openings WHERE account = ? AND asset = ? AND item = ? ORDER BY block DESC LIMIT 1',
    ).pluck(),
    hashAt: sql('SELECT hash FROM blocks WHERE number = ?').pluck(),
    // The child itself, or the last block before it that has a name here.
    childAt: sql('SELECT timestamp FROM blocks WHERE number <= ? ORDER BY number DESC LIMIT 1').pluck(),
    blockAt: sql('SELECT hash, timestamp FROM blocks WHERE number = ?').raw(),
    changeAt: sql(
      `SELECT sum FROM changes WHERE account = ? AND asset = ? AND item = ? AND block <= ?
       ORDER BY block DESC, log DESC, sub DESC LIMIT 1`,
    ).raw(),
    count: {
      received: sql('SELECT received FROM accounts WHERE account = ?').pluck(),
      fungible: sql("SELECT count(*) FROM balances WHERE account = ? AND item = x'' AND fungible = 1").pluck(),
      all: sql('SELECT assets FROM accounts WHERE account = ?').pluck(),
    },
    page: {
      received: sql(`${PAGE} AND fungible = 1 AND received_block IS NOT NULL ${ORDER}`).raw(),
      fungible: sql(`${PAGE} AND fungible = 1 ${ORDER}`).raw(),
      all: sql(`${PAGE} ${ORDER}`).raw(),
    },
    past: {
      received: pastPage(sql, 'fungible = 1 AND received_block <= ?'),
      fungible: pastPage(sql, 'fungible = 1 AND met_block <= ?'),
      all: pastPage(sql, 'met_block <= ?'),
    },
    metPosition: sql(
      `SELECT asset, hex(amount), met_block, met_log, met_sub, received_block FROM balances
       WHERE account = ? AND asset = ? AND item = x''`,
    ).raw(),
    holderCount: sql('SELECT holders FROM assets WHERE id = ?').pluck(),
    holders: sql(
      `SELECT account, hex(amount) FROM balances WHERE asset = ? AND item = x'' AND amount > x'80'
       ORDER BY amount DESC, account LIMIT ? OFFSET ?`,
    ).raw(),
  }
}
