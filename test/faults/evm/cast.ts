import { type Cast, digest } from './block-maker.ts'
import { PRECOMPILES } from './calls.ts'
import type { Program } from './program.ts'
import {
  ERC721,
  ERC1155,
  LIAR,
  PHANTOM,
  plain,
  REBASING,
  SILENT_MINT,
  silentFee,
  upgradeable,
  WRAPPED,
} from './programs.ts'

const ACCOUNTS = 30

const account = (index: number): string => digest(`account ${index}`, 20)
/** An account that gets only silent fees. */
const COLLECTOR = account(0)

const PROGRAMS: readonly Program[] = [
  plain('Plain'),
  plain('Plain'),
  plain('Plain'),
  plain('NoneIndexed', 'none indexed'),
  plain('OneIndexed', 'one indexed'),
  plain('LongData', 'long'),
  REBASING,
  silentFee(COLLECTOR),
  SILENT_MINT,
  LIAR,
  PHANTOM,
  WRAPPED,
  upgradeable(COLLECTOR),
  ERC721,
  ERC1155,
]

const addressOf = (place: number): string => digest(`contract ${place}`, 20)

/** The accounts and contracts of the simulated chain: ordinary tokens, and one of each odd kind. */
export const CAST: Cast = {
  accounts: Array.from({ length: ACCOUNTS }, (_, index) => account(index)),
  programs: new Map(PROGRAMS.map((program, place) => [addressOf(place), program])),
  comesAndGoes: digest('comes and goes', 20),
}

/** Addresses without an ERC-20 token: other contracts, precompiles, an account, an unused address. */
export const OTHERS: readonly string[] = [
  ...[...CAST.programs].flatMap(([address, { standard }]) => (standard === 'erc20' ? [] : [address])),
  ...PRECOMPILES,
  account(1),
  digest('nothing', 20),
]
