import type { ServerDeps } from '../../http/deps.ts'
import type { DialectExamples } from '../../http/dialect.ts'

/** Assets that are looked through for one that may be minted again. */
const ASSETS = 100

/**
 * Values with which the documented calls work here: a wallet, what it holds, and an asset that may be minted again. They
 * are named only where no key is asked for: then anyone may ask for them.
 */
export async function abcExamples({ chains, ledger, settings }: ServerDeps): Promise<DialectExamples> {
  const { chain: id, keys } = settings.dialects.abcLabs
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
