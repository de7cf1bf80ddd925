import type { KindDefinition } from '../adapter.ts'
import { CHIA_ACCOUNTS } from './account-codec.ts'
import { createChiaAdapter } from './adapter.ts'
import { CHIA_NAMESPACE } from './heads/confirm-node.ts'
import { identifyChiaNode } from './identify.ts'
import { CHIA_NATIVE } from './native-asset.ts'
import { createChiaProver } from './prove/prover.ts'
import { leadText } from './puzzles/lead.ts'
import { parseAddress, parseTokenId } from './words/address.ts'
import { parseHex32 } from './words/hex.ts'
import { sent } from './words/records.ts'

/** Pause between two polls of the head: a block takes 18.75 s on average. */
const POLL_MS = 5_000
/** After this many blocks, ten minutes, wallets and exchanges take a payment as final. */
const CONFIRMATIONS = 32

/** Chia's chains: namespace `chia`, with the name of the network, or the first digits of its genesis challenge. */
export const CHIA: KindDefinition = {
  kind: 'chia',
  namespace: CHIA_NAMESPACE,
  source: 'nodes',
  parseAddress,
  parseToken: (text) => parseHex32(text) ?? parseTokenId(text),
  parseHash: (text) => {
    const hash = parseHex32(text)
    return hash && sent(hash)
  },
  accountCodec: CHIA_ACCOUNTS,
  nativeAsset: CHIA_NATIVE,
  listedStandard: 'cat',
  listedLead: ({ reference }) => leadText({ tail: reference, hidden: undefined }),
  finality: { tags: [], usual: { confirmations: CONFIRMATIONS } },
  tls: true,
  isByAccount: true,
  wholeRanges: true,
  pollMs: POLL_MS,
  createAdapter: (options) => createChiaAdapter(options),
  createProver: (options) => createChiaProver(options),
  identify: identifyChiaNode,
}
