import { flag, type Infer, integer, optional, withDefault } from '../../../config/field.ts'
import { mapping } from '../../../config/group.ts'
import { type ChainKinds, chainIdIn } from '../../../config/words.ts'

/**
 * The settings of this dialect. `chain`: the chain behind it; undefined: the first Chia chain. `testnet`: the chain behind
 * the vendor's host for its testnet; undefined: `chain`. `extended`: rows have prices and logos. `freePerMinute`: how many
 * calls an address may make without a key; 0: no limit.
 */
export type SpacescanSettings = Infer<ReturnType<typeof spacescanSettings>>

/** Ten a second: enough for a wallet, and far from what a server can answer. */
const FREE_PER_MINUTE = 600
/** Enough for any page, and small enough to be a limit. */
const MAX_FREE_PER_MINUTE = 1_000_000

const CHIA_CHAINS = { among: ['chia'], expected: 'a Chia chain such as chia:mainnet' }

/** The mapping `dialects.spacescan`. */
export function spacescanSettings({ namespaces }: ChainKinds) {
  return mapping({
    enabled: withDefault(flag(), true),
    chain: optional(chainIdIn(namespaces, CHIA_CHAINS)),
    testnet: optional(chainIdIn(namespaces, CHIA_CHAINS)),
    extended: withDefault(flag(), false),
    freePerMinute: withDefault(integer(0, MAX_FREE_PER_MINUTE), FREE_PER_MINUTE),
  })
}
