import { parseChainId } from '../../core/chain.ts'
import type { KindDefinition } from '../adapter.ts'
import { EVM_ACCOUNTS } from './account-codec.ts'
import { createEvmAdapter } from './adapter.ts'
import { EVM_NAMESPACE } from './heads/chain-id.ts'
import { identifyEvmNode } from './identify.ts'
import { EVM_NATIVE } from './native-asset.ts'
import { createEvmProver } from './prove/prover.ts'
import { deriveAddress } from './words/derive-address.ts'
import { parseAddress, parseHash } from './words/hex.ts'

/** Pause between two polls of the head: a third of Ethereum's slot, so a block is seen at most 4 s late. */
const POLL_MS = 4_000

/** EVM chains: CAIP-2 namespace `eip155` (https://chainagnostic.org/CAIPs/caip-3). */
export const EVM: KindDefinition = {
  kind: 'evm',
  namespace: EVM_NAMESPACE,
  isReference: (reference) => /^(0|[1-9]\d*)$/.test(reference),
  source: 'nodes',
  nativeAsset: EVM_NATIVE,
  parseAddress,
  parseToken: parseAddress,
  parseHash,
  deriveAddress,
  accountCodec: EVM_ACCOUNTS,
  finality: { tags: ['finalized', 'safe'], usual: 'finalized' },
  listedChain: (number) => parseChainId(`${EVM_NAMESPACE}:${number}`),
  pollMs: POLL_MS,
  createAdapter: (options) => createEvmAdapter(options),
  createProver: (options) => createEvmProver(options),
  identify: identifyEvmNode,
}
