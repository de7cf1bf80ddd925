import type { Static } from 'typebox'
import type { Balances } from '../../../balances/balances.ts'
import { format } from '../../../core/amount.ts'
import type { TokenInfo } from '../../../tokens/tokens.ts'
import { zulu } from '../../http/utc-time.ts'
import type { Answer } from '../../schema/json-schema.ts'
import { compileRows } from '../../schema/rows.ts'
import type { WrittenObject } from '../../schema/serialise.ts'
import {
  type TokenDescription,
  TokenMeta,
  type TokenPriceAnswer,
  type TokenTransfersAnswer,
  type TopHoldersAnswer,
} from './schema.ts'

type Description = Answer<Static<typeof TokenDescription>>
type Price = Answer<Static<typeof TokenPriceAnswer>>['data']
type TransferRow = Answer<Static<typeof TokenTransfersAnswer>>['data'][number]
type TopHolder = Answer<Static<typeof TopHoldersAnswer>>['data'][number]

/** A transfer as `Balances` returns it. */
type Transfer = Awaited<ReturnType<Balances['transfers']>>['rows'][number]

/** The format of balances. The hosted service sends hex, and existing clients parse it with radix 16. */
export type BalanceFormat = 'hex' | 'decimal'

/** Returns a balance in base units: `0x2a`, or `42`. */
export function renderBalance(amount: bigint, as: BalanceFormat): string {
  return as === 'hex' ? `0x${amount.toString(16)}` : amount.toString()
}

/** Token lists give no image size, but the vendor's schema requires one. */
const LOGO_PIXELS = 64

/** Events of a mint or a burn have this address as the missing side. */
export const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000'

/** Returns the metadata of a token. Unknown decimals are 0, with `decimals_known: false`. Unknown texts are empty. */
export function renderToken(token: TokenInfo): Description {
  return {
    contract_address: token.asset.reference,
    decimals: token.decimals ?? 0,
    decimals_known: token.decimals === undefined ? false : undefined,
    name: token.name ?? '',
    symbol: token.symbol ?? '',
    total_supply: token.totalSupply?.toString(),
    logos: token.logo === undefined ? [] : [{ uri: token.logo, width: LOGO_PIXELS, height: LOGO_PIXELS }],
    urls: token.urls,
    current_usd_price: priceText(token),
  }
}

const metaRow = compileRows<TokenInfo>({ schema: TokenMeta, own: ['balance'], describe: renderToken })

/** Returns a row of account/tokens: the token, and the account's balance. */
export function renderMeta(token: TokenInfo, balance: string): WrittenObject {
  return metaRow(token, [balance])
}

/** Returns the price of a token. The keys of an unknown price are absent: the price is never 0. */
export function renderPrice(token: TokenInfo): Price {
  const { price } = token
  return {
    price: priceText(token),
    symbol: token.symbol ?? '',
    source: price?.source,
    updated_at: price === undefined ? undefined : zulu(price.updatedAt),
  }
}

// Formats the parsed number, since the configured text may be `01.50`.
function priceText(token: TokenInfo): string | undefined {
  return token.price === undefined ? undefined : format(token.price.units, token.price.places)
}

/** Returns a holder with its amount in base units and, if the decimals are known, in whole tokens. */
export function renderHolder(
  holder: { readonly account: string; readonly amount: bigint },
  decimals: number | undefined,
): TopHolder {
  return {
    wallet_address: holder.account,
    original_amount: holder.amount.toString(),
    amount: decimals === undefined ? undefined : format(holder.amount, decimals),
  }
}

/** Returns a transfer. The missing side of a mint or a burn is the zero address, as in the chain's event. */
export function renderTransfer(transfer: Transfer): TransferRow {
  return {
    block_number: transfer.block.number,
    block_timestamp: zulu(transfer.timestamp),
    transaction_hash: transfer.transactionHash,
    log_index: transfer.event,
    contract_address: transfer.asset.reference,
    from_address: transfer.from ?? ZERO_ADDRESS,
    to_address: transfer.to ?? ZERO_ADDRESS,
    value: transfer.amount.toString(),
  }
}
