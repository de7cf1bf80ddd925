import { type TransferLayout, transferEvent, upgradedEvent } from './events.ts'
import { feltOf, u256, ZERO } from './felt.ts'
import { encodeText, type Names } from './names.ts'
import {
  type Cases,
  classOf,
  drawMint,
  drawSpender,
  type Effect,
  type Entry,
  entryPoints,
  held,
  isUpgraded,
  type Market,
  type Move,
  markUpgraded,
  moveBalance,
  type Program,
  type Storage,
  supplyOf,
} from './program.ts'

/** An ordinary ERC-20. By default: Cairo 1, both spellings, a ByteArray as name, 18 decimals. */
export type Erc20Options = {
  readonly names: Names
  readonly cases?: Cases
  readonly decimals?: number
  readonly layout?: TransferLayout
  /** The layout after an upgrade. Without it, the token is never upgraded. */
  readonly upgradedLayout?: TransferLayout
  /** The fee token: a drawn use moves little, so that every account can still pay fees. */
  readonly keepsFees?: boolean
  /** Replaces single view functions, by their snake-case names. */
  readonly entries?: Readonly<Record<string, Entry>>
}

/** One drawn use in this many upgrades a token that has a second layout. */
const UPGRADE_EVERY = 60
/** A drawn use of the fee token moves one part in this many of a balance. */
const KEPT_PART = 100n

/** The code of an ordinary ERC-20. */
export function erc20(options: Erc20Options): Program {
  const { names, cases = 'both', decimals = 18 } = options
  const layoutOf = (storage: Storage): TransferLayout =>
    (isUpgraded(storage) ? options.upgradedLayout : undefined) ?? options.layout ?? '3+2'
  const transfer = (storage: Map<string, bigint>, move: Move): Effect => {
    moveBalance(storage, move)
    return { events: [transferEvent(move, layoutOf(storage))] }
  }
  const program: Program = {
    title: names.name,
    standard: 'erc20',
    classOf: (storage) => classOf(names.name, storage),
    entries: entryPoints(
      {
        balance_of: (storage, [account]) => u256(held(storage, account ?? ZERO)),
        total_supply: (storage) => u256(supplyOf(storage)),
        name: () => encodeText(names.name, names.style),
        symbol: () => encodeText(names.symbol, names.style),
        decimals: () => [feltOf(decimals)],
        ...options.entries,
      },
      cases,
    ),
    transfer,
    act: (storage, market) => {
      if (options.upgradedLayout !== undefined && !isUpgraded(storage) && market.draw.oneIn(UPGRADE_EVERY)) {
        return upgrade(program, storage)
      }
      return actOrdinary(storage, market, { transfer, keepsFees: options.keepsFees === true })
    },
  }
  return program
}

/** Upgrades a contract whose behaviour depends on its class. It moves no balance. */
export function upgrade(program: Program, storage: Map<string, bigint>): Effect {
  markUpgraded(storage)
  return { events: [upgradedEvent(program.classOf(storage))] }
}

function actOrdinary(
  storage: Map<string, bigint>,
  market: Market,
  { transfer, keepsFees }: { transfer: NonNullable<Program['transfer']>; keepsFees: boolean },
): Effect {
  const { draw, accounts } = market
  const spent = drawSpender(storage, market)
  if (spent === undefined || draw.oneIn(4)) {
    return transfer(storage, { from: ZERO, to: draw.of(accounts), amount: drawMint(market) })
  }
  const amount = keepsFees ? spent.amount / KEPT_PART : spent.amount
  return transfer(storage, { from: spent.from, to: draw.oneIn(8) ? ZERO : draw.of(accounts), amount })
}
