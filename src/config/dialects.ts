import type { ChainId } from '../core/chain.ts'
import { namespaceOf, parseChainId } from '../core/chain.ts'
import { MAX_ASSET_NAME_CHARACTERS, MAX_ASSET_SYMBOL_CHARACTERS, MAX_LEDGER_ID_CHARACTERS } from '../core/operation.ts'
import { type Field, flag, type Infer, label, optional, refine, withDefault, word, wrong } from './field.ts'
import { list, mapping } from './group.ts'
import { chainId, origin } from './words.ts'

/** The dialects as configured, with all defaults. */
export type DialectsConfig = Infer<ReturnType<typeof dialectsField>>

/** Planned dialects, each with the error for an operator who configures it: a setting without an effect is rejected. */
const UNSERVED = Object.fromEntries(
  ['spacescan', 'tokenkit', 'cobo'].map((name): [string, string] => [
    name,
    `this version does not serve ${name}, so its settings have no effect: remove them; served are abc-labs and chainbase`,
  ]),
)

const LEDGER_MAIN = parseChainId('ledger:main')

/** The mapping `dialects`. */
export function dialectsField() {
  const enabled = withDefault(flag(), true)
  const abcLabs = mapping({
    enabled,
    chain: withDefault(optional(ledgerChain()), LEDGER_MAIN),
    keys: withDefault(flag(), false),
    origins: withDefault(list(origin(), 'a list of origins'), []),
    strictWallets: withDefault(flag(), false),
    assets: withDefault(assetsField(), []),
  })
  const chainbase = mapping({
    enabled,
    balance: withDefault(word(['hex', 'decimal']), 'hex'),
    demoKey: withDefault(flag(), false),
  })
  return mapping({ abcLabs, chainbase }, { names: { abcLabs: 'abc-labs' }, refused: UNSERVED })
}

/** The id of an issuer's ledger. Minting is impossible on any other chain. */
function ledgerChain(): Field<ChainId> {
  return refine(chainId(), (chain, at) =>
    namespaceOf(chain) === 'ledger' ? chain : wrong(at, chain, 'a ledger such as ledger:main'),
  )
}

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
