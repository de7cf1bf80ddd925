import type { ChainId, Kind } from '../../../core/chain.ts'
import type { ServedChain } from '../../http/deps.ts'

/** The vendor's type of each family of chains. All EVM chains share the addresses of ETH. */
const CHAIN_TYPES: Readonly<Record<Kind, string>> = {
  evm: 'ETH',
  starknet: 'STARKNET',
  chia: 'CHIA',
  ledger: 'LEDGER',
}

/** Returns the vendor's type of a family of chains. */
export function chainTypeOf(family: Kind): string {
  return CHAIN_TYPES[family]
}

/** Returns the family of a vendor's type; undefined if no configured chain is of it. */
export function familyOf(chainType: string, chains: readonly ServedChain[]): Kind | undefined {
  return chains.find(({ kind }) => CHAIN_TYPES[kind] === chainType)?.kind
}

/** Returns the configured chains of a family, in the order of the configuration. */
export function chainsOf(family: Kind, chains: readonly ServedChain[]): readonly ChainId[] {
  return chains.filter(({ kind }) => kind === family).map(({ id }) => id)
}
