import { isFungible } from '../../core/standards.ts'
import { decodeItem } from '../../journal/amount-codec.ts'
import { parseStandard } from '../../journal/rules/assets.ts'
import type { PairKey } from '../../journal/rules/pairs.ts'
import { bytes, int, type Row } from './columns.ts'

/** Pairs of one token that are marked as in doubt at once: more than are marked one by one. */
export const PAIRS_OF_A_TOKEN = 1_001

/** The pair of a row of asset, standard, account and item. */
export function hintedPairOf([asset, standard, account, item]: Row): PairKey {
  return {
    asset: int(asset),
    account: bytes(account),
    item: decodeItem(bytes(item)),
    fungible: isFungible(parseStandard(standard)),
  }
}
