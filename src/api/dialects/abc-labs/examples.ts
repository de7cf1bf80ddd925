import type { Ledger } from '../../../ledger/ledger.ts'
import type { ServedChain } from '../../http/deps.ts'
import type { DialectExamples } from '../../http/dialect.ts'
import type { AbcLabsSettings } from './settings.ts'

/** Number of assets to search for one that can be minted again. */
const ASSETS = 100

/**
 * Returns example values that work on this server: a wallet, an asset that it holds, and an asset that can be minted
 * again. Returns no values if calls need a key: only without keys may anyone see them.
 */
export async function abcExamples(
  { chains, ledger }: { readonly chains: readonly ServedChain[]; readonly ledger: Ledger | undefined },
  { chain: id, keys }: AbcLabsSettings,
): Promise<DialectExamples> {
  const chain = chains.find((one) => one.id === id)
  if (keys || ledger === undefined || chain === undefined) return { values: {} }
  const position = await chain.position?.()
  const assets = await ledger.assets({ after: undefined, limit: ASSETS })
  const again = assets?.find(({ reissue }) => reissue)?.assetId
  const values = position === undefined ? {} : held(position.account, position.asset.reference)
  return {
    values: { ...values, amount: 1 },
    ofCalls: {
      ...(again === undefined ? {} : { MintToken: { asset_id: again } }),
      RegisterAsset: { asset_id: 'EXAMPLE-BOND' },
      RegisterWallet: { wallet_address: 'example-wallet' },
    },
  }
}

function held(wallet: string, asset: string): Readonly<Record<string, string>> {
  return { asset_id: asset, wallet_address: wallet, from_wallet: wallet, holder_wallet_address: wallet }
}
