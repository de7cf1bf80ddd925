import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { decodeAmount, decodeItem } from '../../journal/amount-codec.ts'
import { decodeHash } from '../../journal/hash-codec.ts'
import { bytes, int, NO_ROW, nullable, type Row, text } from '../rows/columns.ts'
import { type AuditReads, type ClassedToken, type Finding, RECLASSIFY_REASONS } from '../seam/audits.ts'
import { ASSET_COLUMNS, type AssetTable, type FixedClasses, readAsset } from './asset-table.ts'
import { type Query, rowOf, rowsOf } from './query.ts'
import { sideBySide } from './side-by-side.ts'

/** Tokens read per query while a page is filled with tokens of one class. */
const ROWS_AT_ONCE = 1_000
const KINDS = ['turned', 'repaired', 'different', 'unsteady'] as const

const RECLASSIFICATION = 't.hash, t.reason, t.account, t.item, t.journal, t.chain, t.turned_at, a.transfers'
const TOKENS = rowsOf(
  `SELECT ${ASSET_COLUMNS.replace(' FROM', `, ${RECLASSIFICATION} FROM`)} WHERE a.id > ? ORDER BY a.id LIMIT ? + 0`,
)
const FINDINGS = rowsOf(
  `SELECT what, asset, block, account, item, journal, chain, says, found_at FROM findings ORDER BY id DESC LIMIT ? + 0`,
)
const CLASSES = rowOf('SELECT (SELECT max(id) FROM assets), (SELECT count(*) FROM turns)')

/** What rows of the audit are read with. */
type Deps = { readonly codec: AccountCodec; readonly assets: AssetTable; readonly fixed: FixedClasses }

/** As `AuditReads.tokens`. */
export function* classedTokens(deps: Deps, query: Parameters<AuditReads['tokens']>[0]): Query<readonly ClassedToken[]> {
  const found: ClassedToken[] = []
  for (let after = query.after; found.length < query.limit; ) {
    const rows = yield [TOKENS, after, ROWS_AT_ONCE]
    for (const row of rows) {
      after = int(row[0])
      const token = tokenOf(row, deps)
      if (query.accounting !== undefined && token.accounting !== query.accounting) continue
      found.push(token)
      if (found.length === query.limit) break
    }
    if (rows.length < ROWS_AT_ONCE) break
  }
  return found
}

/** As `AuditReads.findings`. */
export function* newestFindings(deps: Deps, limit: number): Query<readonly (Finding & { readonly foundAt: number })[]> {
  const rows = yield [FINDINGS, limit]
  return yield* sideBySide(rows.map((row) => findingOf(row, deps)))
}

/** As `AuditReads.classes`. */
export function* countClasses(): Query<{ readonly assets: number; readonly reclassified: number }> {
  const [row = NO_ROW] = yield [CLASSES]
  return { assets: nullable(row[0], int) ?? 0, reclassified: int(row[1]) }
}

function tokenOf(row: Row, { codec, fixed }: Deps): ClassedToken {
  const asset = readAsset(row, fixed)
  const transfers = int(row[16])
  if (row[4] === null) return { ...asset, transfers, reclassification: undefined }
  const reason = RECLASSIFY_REASONS.find((known) => known === row[10])
  const chain = nullable(row[14], amount)
  assert(reason !== undefined, 'a stored reclassification has a reason')
  const evidence = { ...whoOf(row[11], row[12], codec), journal: nullable(row[13], amount), chain }
  const block = { number: int(row[4]), hash: decodeHash(bytes(row[9])) }
  return { ...asset, transfers, reclassification: { block, reason, evidence, reclassifiedAt: int(row[15]) } }
}

function* findingOf(row: Row, { assets, codec }: Deps): Query<Finding & { readonly foundAt: number }> {
  const what = KINDS.find((known) => known === row[0])
  assert(what !== undefined, 'a stored finding has a known kind')
  return {
    what,
    asset: (yield* assets.byId(int(row[1]))).asset,
    block: int(row[2]),
    ...whoOf(row[3], row[4], codec),
    journal: nullable(row[5], amount),
    chain: nullable(row[6], amount),
    says: text(row[7]),
    foundAt: int(row[8]),
  }
}

function whoOf(account: unknown, item: unknown, { decode }: AccountCodec) {
  return {
    account: nullable(account, (stored) => decode(bytes(stored))),
    item: nullable(item, (stored) => decodeItem(bytes(stored))) ?? '',
  }
}

function amount(value: unknown): bigint {
  return decodeAmount(bytes(value))
}
