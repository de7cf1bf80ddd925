import { type AccountCodec, TEXT_ACCOUNTS } from '../core/account.ts'
import { type ChainId, namespaceOf } from '../core/chain.ts'
import { CHIA_ACCOUNTS } from './chia/account-codec.ts'
import { EVM_ACCOUNTS } from './evm/account-codec.ts'
import { STARKNET_ACCOUNTS } from './starknet/account-codec.ts'

const CODECS: ReadonlyMap<string, AccountCodec> = new Map([
  ['eip155', EVM_ACCOUNTS],
  ['starknet', STARKNET_ACCOUNTS],
  ['chia', CHIA_ACCOUNTS],
  ['ledger', TEXT_ACCOUNTS],
])

/**
 * Returns how the accounts of a chain are stored, as `KindDefinition.accountCodec` says; undefined if no kind supports the
 * chain. Apart from the registry: a thread that only needs this loads no adapters, which take a third of a second.
 */
export function accountCodecOf(chain: ChainId): AccountCodec | undefined {
  return CODECS.get(namespaceOf(chain))
}
