import type { Transfer } from '../../core/transfer.ts'
import type { FetchScope } from '../adapter.ts'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from './decode.ts'
import { addressWord, ZERO_ADDRESS } from './hex.ts'

/** Addresses in one filter: geth takes at most 1,000 values for a topic, hosted nodes fewer addresses. */
const ADDRESSES_PER_FILTER = 500

/** A filter of eth_getLogs, without its blocks. */
export type Filter = { readonly address?: readonly string[]; readonly topics: readonly (readonly string[] | null)[] }

/** The eth_getLogs filters that together find the scope's transfers; a log may match several. */
export function filtersOf(scope: FetchScope): readonly Filter[] {
  const topics = [[TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH]]
  switch (scope.type) {
    case 'all':
      return [{ topics }]
    case 'tokens':
      return chunks(scope.tokens).map((address) => ({ address, topics }))
    case 'accounts':
      return chunks(scope.accounts).flatMap(sidesOf)
    case 'pair':
      return sidesOf([scope.account]).map((filter) => ({ address: [scope.token], ...filter }))
    case 'mints':
      return sidesOf([ZERO_ADDRESS]).map((filter) => ({ address: [scope.token], ...filter }))
  }
}

/** Filters for accounts in the places of sender and receiver, which differ between the events. */
function sidesOf(accounts: readonly string[]): Filter[] {
  const words = accounts.map((account) => `0x${addressWord(account)}`)
  const multi = [TRANSFER_SINGLE, TRANSFER_BATCH]
  return [
    { topics: [[TRANSFER], words] },
    { topics: [[TRANSFER], null, words] },
    { topics: [multi, null, words] },
    { topics: [multi, null, null, words] },
  ]
}

function chunks(items: readonly string[]): string[][] {
  const out: string[][] = []
  for (let at = 0; at < items.length; at += ADDRESSES_PER_FILTER) out.push(items.slice(at, at + ADDRESSES_PER_FILTER))
  return out
}

/** True for the transfers that a scope asks for. */
export function wantedBy(scope: FetchScope): (transfer: Transfer) => boolean {
  switch (scope.type) {
    case 'all':
      return () => true
    case 'tokens': {
      const tokens = new Set(scope.tokens)
      return ({ asset }) => tokens.has(asset.reference)
    }
    case 'accounts':
      return touches(new Set(scope.accounts))
    case 'pair': {
      const ofAccount = touches(new Set([scope.account]))
      return (transfer) => transfer.asset.reference === scope.token && ofAccount(transfer)
    }
    case 'mints':
      return ({ asset, from, to }) => asset.reference === scope.token && (from === undefined || to === undefined)
  }
}

function touches(accounts: ReadonlySet<string>): (transfer: Transfer) => boolean {
  return ({ from, to }) => (from !== undefined && accounts.has(from)) || (to !== undefined && accounts.has(to))
}
