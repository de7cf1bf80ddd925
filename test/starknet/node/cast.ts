import { type Cast, ETH, ETH_PROGRAM, SEQUENCER, STRK, STRK_PROGRAM } from '../../../src/demo/starknet/cast.ts'
import { erc20 } from '../../../src/demo/starknet/erc20.ts'
import { erc721 } from '../../../src/demo/starknet/erc721.ts'
import { erc1155 } from '../../../src/demo/starknet/erc1155.ts'
import { type Felt, feltDigest, feltOf } from '../../../src/demo/starknet/felt.ts'
import type { Program } from '../../../src/demo/starknet/program.ts'
import {
  liar,
  malformed,
  named,
  oneFelt,
  phantom,
  rebasing,
  silentFee,
  silentMint,
  unreadable,
} from './odd-programs.ts'

const SENDERS = 26
/** Accounts without a contract: they only receive. */
const RECEIVERS = 4

/** An account by its index. One in eight has a short address, so that padding matters. */
const account = (index: number): Felt => {
  const digest = BigInt(feltDigest(`account ${index}`))
  return feltOf(index % 8 === 3 ? digest >> 20n : digest)
}
const ACCOUNTS = Array.from({ length: SENDERS + RECEIVERS }, (_, index) => account(index))
/** The account that gets silent fees. */
const COLLECTOR = account(0)

/** The text of the longest name: it needs three words as a ByteArray. */
const LONG_NAME = 'Wrapped liquid staked Ether 2.0, bridged from L1 by StarkGate!!'

/** One contract of each kind. */
export const PROGRAMS = {
  cairo1: erc20({ names: named('Cairo One'), layout: '3+2', cases: 'snake', decimals: 6 }),
  cairo0: erc20({ names: named('Cairo Zero', 'short string'), layout: '1+4', cases: 'camel' }),
  longName: erc20({ names: named(LONG_NAME), layout: '3+2' }),
  arrayName: erc20({ names: named(LONG_NAME, 'felt array'), layout: '1+4' }),
  brokenName: erc20({ names: named('Broken', 'broken') }),
  switching: erc20({ names: named('Switching'), layout: '1+4', upgradedLayout: '3+2' }),
  silentFee: silentFee(named('SilentFee'), COLLECTOR),
  feeAfterUpgrade: silentFee(named('FeeAfterUpgrade'), COLLECTOR, true),
  rebasing: rebasing(named('Rebasing'), '1+4'),
  silentMint: silentMint(named('SilentMint')),
  liar: liar(named('Liar')),
  phantom: phantom(named('Phantom')),
  oneFelt: oneFelt(named('OneFelt', 'short string')),
  unreadable: unreadable(named('Unreadable')),
  malformed: malformed(named('Malformed')),
  likeErc20: erc721({ names: named('Positions', 'short string'), layout: '3+2' }),
  oldDeeds: erc721({ names: named('Old Deeds', 'short string'), layout: '1+4', cases: 'camel', interfaces: 'erc165' }),
  plainDeeds: erc721({ names: named('Plain Deeds'), layout: '3+2', cases: 'snake', interfaces: 'none' }),
  deeds: erc721({ names: named('Deeds'), layout: '5+0' }),
  goods: erc1155({ names: named('Goods'), layout: '4+n' }),
  oldGoods: erc1155({ names: named('Old Goods', 'short string'), layout: '1+n', cases: 'camel' }),
} satisfies Readonly<Record<string, Program>>

/** The name of a contract of the cast. */
export type ContractName = keyof typeof PROGRAMS

/** The address of a contract of the cast. */
export function addressOf(name: ContractName): Felt {
  return feltDigest(`contract ${name}`)
}

/** Ordinary tokens in all layouts, and one contract of each odd kind. */
export const CAST: Cast = {
  accounts: ACCOUNTS,
  senders: ACCOUNTS.slice(0, SENDERS),
  sequencer: SEQUENCER,
  strk: STRK,
  eth: ETH,
  programs: new Map<Felt, Program>([
    [STRK, STRK_PROGRAM],
    [ETH, ETH_PROGRAM],
    ...Object.entries(PROGRAMS).map(([name, program]): [Felt, Program] => [feltDigest(`contract ${name}`), program]),
  ]),
}

/** The code of tokens that are deployed while the chain grows. */
export const NEW_TOKENS: readonly Program[] = [
  erc20({ names: named('New') }),
  erc20({ names: named('New Old', 'short string'), layout: '1+4' }),
  rebasing(named('New Rebasing'), '3+2'),
  silentMint(named('New SilentMint')),
]
