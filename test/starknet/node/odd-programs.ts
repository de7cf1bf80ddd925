import { erc20 } from '../../../src/demo/starknet/erc20.ts'
import { type TransferLayout, transferEvent } from '../../../src/demo/starknet/events.ts'
import { type Felt, feltOf, selectorOf, u256, ZERO } from '../../../src/demo/starknet/felt.ts'
import type { Names } from '../../../src/demo/starknet/names.ts'
import {
  drawMint,
  drawSpender,
  type Effect,
  type Emission,
  held,
  isUpgraded,
  type Market,
  type Move,
  moveBalance,
  Panic,
  type Program,
  type Storage,
  supplyOf,
} from '../../../src/demo/starknet/program.ts'

/** Names of an odd token. */
export function named(name: string, style: Names['style'] = 'byte array'): Names {
  return { style, name, symbol: name.slice(0, 4).toUpperCase() }
}

/** One percent of each transfer goes to a collector, without an event. With `upgrades`, only after an upgrade. */
export function silentFee(names: Names, collector: Felt, upgrades = false): Program {
  const ordinary = erc20({ names, ...(upgrades ? { upgradedLayout: '3+2' as const } : {}) })
  return {
    ...ordinary,
    act: (storage, market) => {
      if (upgrades && !isUpgraded(storage)) return ordinary.act?.(storage, market) ?? { events: [] }
      const spent = drawSpender(storage, market)
      if (spent === undefined || market.draw.oneIn(4)) return mint(storage, market)
      const { from, amount } = spent
      const to = market.draw.of(market.accounts)
      const fee = amount / 100n
      moveBalance(storage, { from, to, amount: amount - fee })
      moveBalance(storage, { from, to: collector, amount: fee })
      return { events: [transferEvent({ from, to, amount }, '3+2')], odd: fee > 0n }
    },
  }
}

const ONE = 10n ** 18n
const INDEX = 'index'
const indexOf = (storage: Storage): bigint => storage.get(INDEX) ?? ONE
const scaled = (storage: Storage, shares: bigint): bigint => (shares * indexOf(storage)) / ONE

/** Balances are shares times an index. The index changes without an event once it exists. */
export function rebasing(names: Names, layout: TransferLayout): Program {
  const ordinary = erc20({
    names,
    layout,
    entries: {
      balance_of: (storage, [account]) => u256(scaled(storage, held(storage, account ?? ZERO))),
      total_supply: (storage) => u256(scaled(storage, supplyOf(storage))),
    },
  })
  const move = (storage: Map<string, bigint>, moved: Move): Effect => {
    moveBalance(storage, moved)
    return { events: [transferEvent({ ...moved, amount: scaled(storage, moved.amount) }, layout)] }
  }
  return {
    ...ordinary,
    act: (storage, market) => {
      const { draw, accounts } = market
      if (draw.oneIn(5)) {
        storage.set(INDEX, (indexOf(storage) * BigInt(draw.between(950, 1_080))) / 1_000n)
        return { events: [], odd: true }
      }
      const spent = drawSpender(storage, market)
      const to = draw.of(accounts)
      if (spent === undefined || draw.oneIn(4)) return move(storage, { from: ZERO, to, amount: drawMint(market) })
      return move(storage, { ...spent, to })
    },
  }
}

/** Sometimes mints without an event; the supply is correct. */
export function silentMint(names: Names): Program {
  const ordinary = erc20({ names })
  return {
    ...ordinary,
    act: (storage, market) => {
      if (!market.draw.oneIn(3)) return ordinary.act?.(storage, market) ?? { events: [] }
      mint(storage, market)
      return { events: [], odd: true }
    },
  }
}

/** Its events report twice the amount that moves. */
export function liar(names: Names): Program {
  const ordinary = erc20({ names })
  return {
    ...ordinary,
    act: (storage, market) => {
      const { events } = ordinary.act?.(storage, market) ?? { events: [] }
      const doubled = events.flatMap(({ told }) => told.map((one) => ({ ...one, amount: one.amount * 2n })))
      return { events: doubled.map((told) => transferEvent(told, '3+2')), odd: true }
    },
  }
}

/** Emits transfers, but no account ever has a balance. */
export function phantom(names: Names): Program {
  return {
    ...erc20({ names }),
    act: (_, { draw, accounts }) => ({
      events: accounts
        .slice(0, draw.between(1, 6))
        .map((to) => transferEvent({ from: draw.of(accounts), to, amount: 10n ** 20n }, '3+2')),
      odd: true,
    }),
  }
}

/** Balances and supply are one felt instead of two. */
export function oneFelt(names: Names): Program {
  return erc20({
    names,
    layout: '1+4',
    entries: {
      balance_of: (storage, [account]) => [feltOf(held(storage, account ?? ZERO))],
      total_supply: (storage) => [feltOf(supplyOf(storage))],
    },
  })
}

/** `balance_of` always reverts. */
export function unreadable(names: Names): Program {
  const refuse = (): never => {
    throw new Panic('balances are private')
  }
  return erc20({ names, entries: { balance_of: refuse } })
}

/** An ordinary token that also emits events of forms that no standard has. */
export function malformed(names: Names): Program {
  const ordinary = erc20({ names })
  return {
    ...ordinary,
    act: (storage, market) => {
      const { events } = ordinary.act?.(storage, market) ?? { events: [] }
      return { events: [...events, market.draw.of(MALFORMED)] }
    },
  }
}

const TRANSFER = selectorOf('Transfer')
const LIMB = feltOf(2n ** 128n)
/** Events with a known selector that are no transfers, and events without keys. */
export const MALFORMED: readonly Emission[] = [
  [[], ['0x1', '0x2', '0x3', '0x0']],
  [[TRANSFER], []],
  [[TRANSFER], ['0x1', '0x2', '0x3']],
  [[TRANSFER], ['0x1', '0x2', LIMB, '0x0']],
  [
    [TRANSFER, '0x1'],
    ['0x2', '0x3', '0x0'],
  ],
  [
    [TRANSFER, '0x1', '0x2'],
    ['0x3', LIMB],
  ],
  [
    [TRANSFER, '0x1', '0x2'],
    ['0x3', '0x0', '0x0'],
  ],
  [[TRANSFER, '0x1', '0x2', LIMB, '0x0'], []],
  [
    [selectorOf('TransferSingle'), '0x1', '0x2', '0x3'],
    ['0x1', '0x0', '0x5'],
  ],
  [
    [selectorOf('TransferBatch'), '0x1', '0x2', '0x3'],
    ['0x5', '0x1', '0x0', '0x1', '0x7', '0x0'],
  ],
  [[selectorOf('TransferBatch')], ['0x1', '0x2', '0x3', feltOf(2n ** 64n), '0x1', '0x0']],
].map(([keys = [], data = []]) => ({ keys, data, told: [] }))

function mint(storage: Map<string, bigint>, market: Market): Effect {
  const to = market.draw.of(market.accounts)
  const amount = drawMint(market)
  moveBalance(storage, { from: ZERO, to, amount })
  return { events: [transferEvent({ from: ZERO, to, amount }, '3+2')] }
}
