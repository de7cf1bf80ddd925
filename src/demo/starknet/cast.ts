import { erc20 } from './erc20.ts'
import { supports } from './erc721.ts'
import { bridged, type Fees, type Planned } from './execute.ts'
import { type Felt, feltDigest } from './felt.ts'
import { entryPoints, type Program } from './program.ts'

/** The accounts and contracts of a simulated chain. */
export type Cast = Fees & {
  /** All accounts that take part. The last ones have no contract yet: they only receive. */
  readonly accounts: readonly Felt[]
  /** Accounts with a contract: they send transactions. */
  readonly senders: readonly Felt[]
  /** The contracts that accounts use, without the accounts' own, by address. The fee tokens are two of them. */
  readonly programs: ReadonlyMap<Felt, Program>
}

/** The address of STRK on all Starknet networks. */
export const STRK: Felt = '0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d'
/** The address of ETH on all Starknet networks. */
export const ETH: Felt = '0x49d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7'
/** The sequencer's account on Starknet Mainnet. */
export const SEQUENCER: Felt = '0x1176a1bd84444c89232ec27754698e5d2e7e1a7f1539f12027f28b23ec9f3d8'

/** STRK, which changes its layout with an upgrade, as on Sepolia. */
export const STRK_PROGRAM = erc20({
  names: { style: 'byte array', name: 'Starknet Token', symbol: 'STRK' },
  layout: '1+4',
  upgradedLayout: '3+2',
  keepsFees: true,
})

/** ETH: all in data, and short strings as names. */
export const ETH_PROGRAM = erc20({
  names: { style: 'short string', name: 'Ether', symbol: 'ETH' },
  layout: '1+4',
  keepsFees: true,
})

/** An account's contract: it confirms SRC-5 and SRC-6, and has no balances of its own. */
const ACCOUNT: Program = {
  title: 'Account',
  standard: 'none',
  classOf: () => feltDigest('class of Account'),
  entries: entryPoints(
    {
      supports_interface: supports([
        '0x3f918d17e5ee77373b56385708f855659a07f75997f365cf87748628532a055',
        '0x2ceccef7f994940b3962a6c67e0ba4fcd37df7d131417c604f91e03caecc1cd',
      ]),
    },
    'both',
  ),
}

/** Base units of each fee token that an account gets first: enough for all fees of a run. */
const FIRST_GRANT = 10n ** 24n

/** The transactions of the first block: all contracts are deployed, and every sender gets both fee tokens. */
export function firstBlock(cast: Cast): readonly Planned[] {
  const { senders, strk, eth } = cast
  const deployed = [...cast.programs].map(([address, program]) => ({ address, deploy: program }))
  const accounts = [...senders, cast.sequencer].map((address) => ({ address, deploy: ACCOUNT }))
  return [
    { kind: 'L1_HANDLER', sender: strk, fee: 0n, calls: [...deployed, ...accounts] },
    bridged(strk, senders, FIRST_GRANT),
    bridged(eth, senders, FIRST_GRANT),
  ]
}
