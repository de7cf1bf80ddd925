import { type Field, flag, type Infer, integer, optional, refine, withDefault, wrong } from '../../../config/field.ts'
import { mapping } from '../../../config/group.ts'
import { chainId, type Namespaces } from '../../../config/words.ts'
import { type ChainId, namespaceOf } from '../../../core/chain.ts'

/**
 * The settings of this dialect. `chain`: the chain behind it; undefined: the first Starknet chain. `sessionPerMinute`:
 * how many calls a user may make with a session, by call.
 */
export type TokenKitSettings = Infer<ReturnType<typeof tokenKitSettings>>

/** Enough for any page, and small enough to be a limit. */
const MAX_PER_MINUTE = 100_000

/** The mapping `dialects.tokenkit`. */
export function tokenKitSettings(namespaces: Namespaces) {
  const perMinute = (points: number) => withDefault(integer(1, MAX_PER_MINUTE), points)
  return mapping({
    enabled: withDefault(flag(), true),
    chain: optional(hexChain(namespaces)),
    sessionPerMinute: mapping({ balance: perMinute(30), balances: perMinute(10), accountBalances: perMinute(10) }),
  })
}

/** The namespaces of chains whose addresses are 0x and hex digits, as the vendor's are. */
const HEX_NAMESPACES = ['starknet', 'eip155']

function hexChain(namespaces: Namespaces): Field<ChainId> {
  return refine(chainId(namespaces), (chain, at) =>
    HEX_NAMESPACES.includes(namespaceOf(chain))
      ? chain
      : wrong(at, chain, 'a chain with 0x addresses such as starknet:SN_MAIN or eip155:1'),
  )
}
