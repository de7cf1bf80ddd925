import { type Field, flag, type Infer, label, optional, refine, withDefault, wrong } from '../../../config/field.ts'
import { list, mapping } from '../../../config/group.ts'
import { type ChainKinds, chainIdIn, origin } from '../../../config/words.ts'
import { parseChainId } from '../../../core/chain.ts'
import {
  MAX_ASSET_NAME_CHARACTERS,
  MAX_ASSET_SYMBOL_CHARACTERS,
  MAX_LEDGER_ID_CHARACTERS,
} from '../../../core/operation.ts'

/**
 * The settings of this dialect. `chain`: the ledger behind it. `keys`: every call needs a key. `origins`: pages that may
 * write when no key is needed. `strictWallets`: only registered wallets can receive. `assets`: registered at the start.
 */
export type AbcLabsSettings = Infer<ReturnType<typeof abcLabsSettings>>

const LEDGER_MAIN = parseChainId('ledger:main')

/** The mapping `dialects.abc-labs`. */
export function abcLabsSettings({ namespaces }: ChainKinds) {
  return mapping({
    enabled: withDefault(flag(), true),
    chain: withDefault(optional(chainIdIn(namespaces, LEDGERS)), LEDGER_MAIN),
    keys: withDefault(flag(), false),
    origins: withDefault(list(origin(), 'a list of origins'), []),
    strictWallets: withDefault(flag(), false),
    assets: withDefault(assetsField(), []),
  })
}

/** Minting is impossible on any other chain. */
const LEDGERS = { among: ['ledger'], expected: 'a ledger such as ledger:main' }

type IssuedAsset = {
  readonly assetId: string
  readonly name: string | undefined
  readonly symbol: string | undefined
  readonly reissue: boolean
}

function assetsField(): Field<readonly IssuedAsset[]> {
  const asset = mapping({
    assetId: label('an asset id', MAX_LEDGER_ID_CHARACTERS),
    name: optional(label('a name', MAX_ASSET_NAME_CHARACTERS)),
    symbol: optional(label('a symbol', MAX_ASSET_SYMBOL_CHARACTERS)),
    reissue: withDefault(flag(), false),
  })
  return refine(list(asset, 'a list of { asset_id, name, symbol, reissue }'), (assets, at) => {
    const ids = assets.map((one) => one.assetId)
    const twice = ids.find((id, index) => ids.indexOf(id) !== index)
    return twice === undefined ? assets : wrong(at, twice, 'each asset_id only once')
  })
}
