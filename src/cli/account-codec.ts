import { kindOf } from '../chains/registry.ts'
import type { AccountCodec } from '../core/account.ts'
import { assert } from '../core/assert.ts'
import type { ChainId } from '../core/chain.ts'

/** The account codec of a configured chain. */
export function codecOf(chain: ChainId): AccountCodec {
  const kind = kindOf(chain)
  assert(kind !== undefined, 'a configured chain has a kind')
  return kind.accountCodec
}
