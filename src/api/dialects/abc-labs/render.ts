import type { Static } from 'typebox'
import type { LedgerAsset, Operation, Receipt } from '../../../ledger/ledger.ts'
import type { Reply } from '../../http/route.ts'
import type { Answer } from '../../schema/json-schema.ts'
import type * as schema from './schema.ts'

type Minted = Answer<Static<typeof schema.MintAnswer>>
type Transferred = Answer<Static<typeof schema.TransferAnswer>>
type Burned = Answer<Static<typeof schema.BurnAnswer>>
type AssetRegistered = Answer<Static<typeof schema.AssetAnswer>>
type WalletRegistered = Answer<Static<typeof schema.WalletAnswer>>
type Asset = Answer<Static<typeof schema.AssetsAnswer>>['assets'][number]
type Transaction = Answer<Static<typeof schema.TransactionsAnswer>>['transactions'][number]

type Of<Kind extends Operation['kind']> = Operation & { readonly kind: Kind }

const SUCCESS = { status: 'success' } as const

const tokenId = (serial: number): string => `TOKEN-${serial}`
const transactionId = (serial: number): string => `TX-${serial}`

/**
 * The answer to a mint. It depends only on the operation and its serial number, so a replay returns the same answer.
 */
export function minted({ assetId, amount, to }: Of<'mint'>, { serial }: Receipt): Reply<Minted> {
  return { body: { ...SUCCESS, token_id: tokenId(serial), asset_id: assetId, amount, assigned_to: to } }
}

/** The answer to a transfer. */
export function transferred({ assetId, amount, from, to }: Of<'transfer'>, { serial }: Receipt): Reply<Transferred> {
  return {
    body: {
      ...SUCCESS,
      asset_id: assetId,
      amount_transferred: amount,
      from_wallet: from,
      to_wallet: to,
      transaction_id: transactionId(serial),
    },
  }
}

/** The answer to a burn. */
export function burned({ assetId, amount, from }: Of<'burn'>, { serial }: Receipt): Reply<Burned> {
  return {
    body: {
      ...SUCCESS,
      asset_id: assetId,
      amount_burned: amount,
      holder_wallet_address: from,
      transaction_id: transactionId(serial),
    },
  }
}

/** The answer to an asset's registration: 201 for a new one, 200 for an identical repetition. */
export function assetRegistered(asset: Of<'register_asset'>, receipt: Receipt): Reply<AssetRegistered> {
  return { body: { ...SUCCESS, ...renderAsset(asset) }, status: receipt.created ? 201 : 200 }
}

/** The answer to a wallet's registration: 201 for a new one, 200 for a repetition. */
export function walletRegistered({ wallet }: Of<'register_wallet'>, receipt: Receipt): Reply<WalletRegistered> {
  return { body: { ...SUCCESS, wallet_address: wallet }, status: receipt.created ? 201 : 200 }
}

/** An asset as registered. */
export function renderAsset({ assetId, name, symbol, reissue }: Omit<LedgerAsset, 'kind'>): Asset {
  return { asset_id: assetId, name: name ?? null, symbol: symbol ?? null, reissue }
}

/** An accepted operation as a row of the audit trail. */
export function renderTransaction(receipt: Receipt): Transaction {
  const { operation, block, timestamp } = receipt
  return {
    sequence: block.number,
    type: operation.kind,
    timestamp: `${new Date(timestamp * 1_000).toISOString().slice(0, 19)}Z`,
    hash: block.hash,
    ...detailsOf(operation, receipt.serial),
  }
}

function detailsOf(operation: Operation, serial: number): Partial<Transaction> {
  switch (operation.kind) {
    case 'register_asset':
      return {
        asset_id: operation.assetId,
        name: operation.name,
        symbol: operation.symbol,
        reissue: operation.reissue,
      }
    case 'register_wallet':
      return { wallet_address: operation.wallet }
    case 'mint':
      return {
        token_id: tokenId(serial),
        asset_id: operation.assetId,
        amount: operation.amount,
        to_wallet: operation.to,
      }
    case 'transfer':
      return {
        transaction_id: transactionId(serial),
        asset_id: operation.assetId,
        amount: operation.amount,
        from_wallet: operation.from,
        to_wallet: operation.to,
      }
    case 'burn':
      return {
        transaction_id: transactionId(serial),
        asset_id: operation.assetId,
        amount: operation.amount,
        from_wallet: operation.from,
      }
  }
}
