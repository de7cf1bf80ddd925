import type { AccountCodec } from '../../../core/account.ts'
import { assert } from '../../../core/assert.ts'
import { decodeAmount, decodeItem } from '../../../journal/amount-codec.ts'
import { decodeHash } from '../../../journal/hash-codec.ts'
import type { AuditReads, ClassedToken, Finding } from '../../seam/audits.ts'
import { RECLASSIFY_REASONS } from '../../seam/audits.ts'
import {
  bytes,
  guarded,
  int,
  NO_ROW,
  nullable,
  type Row,
  type RowStatement,
  type SqliteDatabase,
  text,
} from '../database.ts'
import { ASSET_COLUMNS, type AssetTable, type FixedClasses, readAsset } from '../rows/asset-table.ts'

/** Tokens read per query while a page is filled with tokens of one class. */
const ROWS_AT_ONCE = 1_000
const FINDINGS = ['turned', 'repaired', 'different', 'unsteady'] as const

/** Reads a chain's audit results for display. */
export class SqliteAuditReads implements AuditReads {
  readonly #db: SqliteDatabase
  readonly #deps: { readonly codec: AccountCodec; readonly assets: AssetTable; readonly fixed: FixedClasses }
  readonly #tokens: RowStatement
  readonly #findings: RowStatement
  readonly #classes: RowStatement

  constructor(
    db: SqliteDatabase,
    deps: { readonly codec: AccountCodec; readonly assets: AssetTable; readonly fixed: FixedClasses },
  ) {
    this.#db = db
    this.#deps = deps
    const reclassification = 't.hash, t.reason, t.account, t.item, t.journal, t.chain, t.turned_at, a.transfers'
    const columns = ASSET_COLUMNS.replace(' FROM', `, ${reclassification} FROM`)
    this.#tokens = db.prepare(`SELECT ${columns} WHERE a.id > ? ORDER BY a.id LIMIT ? + 0`).raw()
    this.#findings = db
      .prepare(
        `SELECT what, asset, block, account, item, journal, chain, says, found_at FROM findings ORDER BY id DESC LIMIT ? + 0`,
      )
      .raw()
    this.#classes = db.prepare('SELECT (SELECT max(id) FROM assets), (SELECT count(*) FROM turns)').raw()
  }

  async tokens(query: Parameters<AuditReads['tokens']>[0]): Promise<readonly ClassedToken[]> {
    return guarded(this.#db, () => {
      const found: ClassedToken[] = []
      for (let after = query.after; found.length < query.limit; ) {
        const rows = this.#tokens.all(after, ROWS_AT_ONCE)
        for (const row of rows) {
          after = int(row[0])
          const token = this.#token(row)
          if (query.accounting !== undefined && token.accounting !== query.accounting) continue
          found.push(token)
          if (found.length === query.limit) break
        }
        if (rows.length < ROWS_AT_ONCE) break
      }
      return found
    })
  }

  async findings(limit: number): Promise<readonly (Finding & { readonly foundAt: number })[]> {
    return guarded(this.#db, () => this.#findings.all(limit).map((entry) => this.#finding(entry)))
  }

  async classes(): Promise<{ readonly assets: number; readonly reclassified: number }> {
    const row = guarded(this.#db, () => this.#classes.get() ?? NO_ROW)
    return { assets: nullable(row[0], int) ?? 0, reclassified: int(row[1]) }
  }

  #token(row: Row): ClassedToken {
    const asset = readAsset(row, this.#deps.fixed)
    const transfers = int(row[16])
    if (row[4] === null) return { ...asset, transfers, reclassification: undefined }
    const reason = RECLASSIFY_REASONS.find((known) => known === row[10])
    const chain = nullable(row[14], amount)
    assert(reason !== undefined, 'a stored reclassification has a reason')
    const evidence = { ...this.#who(row[11], row[12]), journal: nullable(row[13], amount), chain }
    const block = { number: int(row[4]), hash: decodeHash(bytes(row[9])) }
    return { ...asset, transfers, reclassification: { block, reason, evidence, reclassifiedAt: int(row[15]) } }
  }

  #finding(row: Row): Finding & { readonly foundAt: number } {
    const what = FINDINGS.find((known) => known === row[0])
    assert(what !== undefined, 'a stored finding has a known kind')
    return {
      what,
      asset: this.#deps.assets.byId(int(row[1])).asset,
      block: int(row[2]),
      ...this.#who(row[3], row[4]),
      journal: nullable(row[5], amount),
      chain: nullable(row[6], amount),
      says: text(row[7]),
      foundAt: int(row[8]),
    }
  }

  #who(account: unknown, item: unknown): { account: string | undefined; item: string } {
    return {
      account: nullable(account, (stored) => this.#deps.codec.decode(bytes(stored))),
      item: nullable(item, (stored) => decodeItem(bytes(stored))) ?? '',
    }
  }
}

function amount(value: unknown): bigint {
  return decodeAmount(bytes(value))
}
