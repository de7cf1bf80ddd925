import type { AssetRef } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'
import type { KindDefinition } from '../adapter.ts'
import { STARKNET_ACCOUNTS } from './account-codec.ts'
import { createStarknetAdapter } from './adapter.ts'
import { STARKNET_NAMESPACE } from './heads/confirm-node.ts'
import { identifyStarknetNode } from './identify.ts'
import { createStarknetProver } from './prove/prover.ts'
import { parseAddress, parseHash, SHORT_STRING_BYTES } from './words/felt.ts'

/** Pause between two polls of the head: a block takes some seconds since Starknet 0.14. */
const POLL_MS = 2_000

/**
 * Tokens whose events are known not to add up to their balances, by chain: ether of mainnet. No recorded block of ours
 * shows which events are missing. The list costs reads, never exactness.
 */
const READS_TOKENS: Readonly<Record<string, readonly string[]>> = {
  'starknet:SN_MAIN': ['0x049d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7'],
}

/** Starknet chains: CAIP-2 namespace `starknet` (https://chainagnostic.org/CAIPs/caip-28). */
export const STARKNET: KindDefinition = {
  kind: 'starknet',
  namespace: STARKNET_NAMESPACE,
  isReference: (reference) => reference.length <= SHORT_STRING_BYTES,
  source: 'nodes',
  parseAddress,
  parseToken: parseAddress,
  parseHash,
  accountCodec: STARKNET_ACCOUNTS,
  finality: { tags: ['l1_accepted'], usual: 'l1_accepted' },
  readsTokens: (chain: ChainId): readonly AssetRef[] =>
    (READS_TOKENS[chain] ?? []).map((reference) => ({ standard: 'erc20', reference })),
  pollMs: POLL_MS,
  createAdapter: (options) => createStarknetAdapter(options),
  createProver: (options) => createStarknetProver(options),
  identify: identifyStarknetNode,
}
