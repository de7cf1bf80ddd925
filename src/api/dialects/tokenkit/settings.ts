import { flag, type Infer, integer, optional, withDefault } from '../../../config/field.ts'
import { mapping } from '../../../config/group.ts'
import { type ChainKinds, chainIdIn } from '../../../config/words.ts'

/**
 * The settings of this dialect. `chain`: the chain behind it; undefined: the first Starknet chain. `sessionPerMinute`:
 * how many calls a user may make with a session, by call.
 */
export type TokenKitSettings = Infer<ReturnType<typeof tokenKitSettings>>

/** Enough for any page, and small enough to be a limit. */
const MAX_PER_MINUTE = 100_000

/** The mapping `dialects.tokenkit`. */
export function tokenKitSettings({ namespaces }: ChainKinds) {
  const perMinute = (points: number) => withDefault(integer(1, MAX_PER_MINUTE), points)
  return mapping({
    enabled: withDefault(flag(), true),
    chain: optional(chainIdIn(namespaces, HEX_CHAINS)),
    sessionPerMinute: mapping({ balance: perMinute(30), balances: perMinute(10), accountBalances: perMinute(10) }),
  })
}

/** The namespaces of chains whose addresses are 0x and hex digits, as the vendor's are. */
const HEX_CHAINS = {
  among: ['starknet', 'eip155'],
  expected: 'a chain with 0x addresses such as starknet:SN_MAIN or eip155:1',
}
