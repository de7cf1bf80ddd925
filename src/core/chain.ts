/** A chain's CAIP-2 id, such as `eip155:1`, `starknet:SN_MAIN`, `chia:mainnet`, `ledger:main`. */
export type ChainId = string & { readonly __brand: 'ChainId' }

/** A family of chains that one adapter reads. */
export const KINDS = ['evm', 'starknet', 'chia', 'ledger'] as const
/** A family of chains. */
export type Kind = (typeof KINDS)[number]

const CAIP2 = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32})$/

/**
 * Parses a CAIP-2 chain id (https://chainagnostic.org/CAIPs/caip-2); undefined if the text is none. The ledger's
 * namespace has 6 letters.
 */
export function parseChainId(text: string): ChainId | undefined {
  return CAIP2.test(text) ? (text as ChainId) : undefined
}

/** The namespace of a chain id: `eip155` of `eip155:1`. */
export function namespaceOf(chain: ChainId): string {
  return chain.slice(0, chain.indexOf(':'))
}

/** The reference of a chain id: `1` of `eip155:1`. */
export function referenceOf(chain: ChainId): string {
  return chain.slice(chain.indexOf(':') + 1)
}
