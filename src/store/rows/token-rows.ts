import type { AssetRef } from '../../core/asset.ts'
import type { TokenFact } from '../../core/token.ts'
import { decodeAmount, encodeAmount } from '../../journal/amount-codec.ts'
import { encodeHash } from '../../journal/hash-codec.ts'
import type { StoredToken, TokenStore } from '../seam/tokens.ts'
import { bytes, int, nullable, type Row, text } from './columns.ts'
import { readOptionalRef } from './header-rows.ts'

/** The columns of a token's row, in the order of `readToken` and `tokenValues`. */
export const TOKEN_COLUMNS = 'reference, standard, name, symbol, decimals, supply, supply_block, supply_hash, read_at'

/** Columns that a read may leave unchanged, each with the fact that it belongs to. */
export const TOKEN_FACTS: readonly (readonly [column: string, fact: TokenFact])[] = [
  ['name', 'name'],
  ['symbol', 'symbol'],
  ['decimals', 'decimals'],
  ['supply', 'totalSupply'],
  ['supply_block', 'totalSupply'],
  ['supply_hash', 'totalSupply'],
]

/** The token of a row with TOKEN_COLUMNS. */
export function readToken(asset: AssetRef, row: Row): StoredToken {
  return {
    asset,
    name: nullable(row[2], text),
    symbol: nullable(row[3], text),
    decimals: nullable(row[4], int),
    totalSupply: nullable(row[5], (value) => decodeAmount(bytes(value))),
    supplyBlock: readOptionalRef(row[6], row[7]),
    readAt: int(row[8]),
  }
}

/** Values of TOKEN_COLUMNS, and for each of TOKEN_FACTS 1 if the read told it. */
export function tokenValues(token: Parameters<TokenStore['put']>[0][number]) {
  const { asset, name, symbol, decimals, totalSupply, readAt, supplyBlock, unknownFacts = [] } = token
  const supply = totalSupply === undefined ? null : encodeAmount(totalSupply)
  const at = supplyBlock === undefined ? [null, null] : [supplyBlock.number, encodeHash(supplyBlock.hash)]
  const facts = [name ?? null, symbol ?? null, decimals ?? null, supply, ...at, readAt]
  const told = TOKEN_FACTS.map(([, fact]) => (unknownFacts.includes(fact) ? 0 : 1))
  return { row: [asset.reference, asset.standard, ...facts], told }
}
