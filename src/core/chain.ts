/** A chain's CAIP-2 id, such as `eip155:1`, `starknet:SN_MAIN`, `chia:mainnet`, `ledger:main`. */
export type ChainId = string & { readonly __brand: 'ChainId' }

/** A family of chains that one adapter reads. */
export const KINDS = ['evm', 'starknet', 'chia', 'ledger'] as const
export type Kind = (typeof KINDS)[number]

const CAIP2 = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32})$/

/** The chain id of CAIP-2 text (https://chainagnostic.org/CAIPs/caip-2), or undefined. Ledger's namespace has 6 letters. */
export function parseChainId(text: string): ChainId | undefined {
  return CAIP2.test(text) ? (text as ChainId) : undefined
}

/** Namespace of a chain id: `eip155` of `eip155:1`. */
export function namespaceOf(chain: ChainId): string {
  return chain.slice(0, chain.indexOf(':'))
}

/** Reference of a chain id: `1` of `eip155:1`. */
export function referenceOf(chain: ChainId): string {
  return chain.slice(chain.indexOf(':') + 1)
}
