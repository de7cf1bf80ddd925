import { deedLog, goodsLog, type Layout, transferLog, wrapLog } from './events.ts'
import {
  changed,
  type Effect,
  held,
  type Market,
  mintAmount,
  type Program,
  type Storage,
  spender,
  supplyBy,
  supplyOf,
  ZERO,
} from './program.ts'

/** An ordinary token with transfers in this layout. */
export function plain(name: string, layout: Layout = 'usual'): Program {
  const act = (storage: Storage, market: Market): Effect => {
    const { draw, accounts } = market
    const spent = spender(storage, market)
    if (spent === undefined || draw.oneIn(4)) return mint(storage, market, layout)
    const { from, amount } = spent
    const isBurn = draw.oneIn(8)
    const to = isBurn ? ZERO : draw.of(accounts)
    const changes: (readonly [string, bigint])[] = [[from, -amount], isBurn ? supplyBy(-amount) : [to, amount]]
    const logs = [transferLog({ from, to, amount }, layout)]
    return { storage: changed(storage, changes), logs, odd: isAmbiguous(layout) }
  }
  return { name, standard: 'erc20', act, balanceOf: held, totalSupply: supplyOf }
}

function mint(storage: Storage, market: Market, layout: Layout = 'usual'): Effect {
  const to = market.draw.of(market.accounts)
  const amount = mintAmount(market)
  const next = changed(storage, [[to, amount], supplyBy(amount)])
  return { storage: next, logs: [transferLog({ from: ZERO, to, amount }, layout)], odd: isAmbiguous(layout) }
}

/** One topic alone may be the sender, the receiver or the amount. */
function isAmbiguous(layout: Layout): boolean {
  return layout === 'one indexed'
}

const ONE = 10n ** 18n
const INDEX = 'index'
const indexOf = (storage: Storage): bigint => storage.get(INDEX) ?? ONE

/** Balances are shares times an index. The index changes without an event once it exists. */
export const REBASING: Program = {
  name: 'Rebasing',
  standard: 'erc20',
  act: (storage, market) => {
    const { draw, accounts } = market
    const index = indexOf(storage)
    if (draw.oneIn(5)) {
      const next = new Map(storage).set(INDEX, (index * BigInt(draw.between(950, 1_080))) / 1_000n)
      return { storage: next, logs: [], odd: true }
    }
    const spent = spender(storage, market)
    if (spent === undefined || draw.oneIn(4)) {
      const to = draw.of(accounts)
      const shares = mintAmount(market)
      const next = changed(storage, [[to, shares], supplyBy(shares)])
      return { storage: next, logs: [transferLog({ from: ZERO, to, amount: (shares * index) / ONE })] }
    }
    const to = draw.of(accounts)
    const told = { from: spent.from, to, amount: (spent.amount * index) / ONE }
    return {
      storage: changed(storage, [
        [spent.from, -spent.amount],
        [to, spent.amount],
      ]),
      logs: [transferLog(told)],
    }
  },
  balanceOf: (storage, account) => (held(storage, account) * indexOf(storage)) / ONE,
  totalSupply: (storage) => (supplyOf(storage) * indexOf(storage)) / ONE,
}

/** One percent of each transfer goes to a collector, without an event. */
export function silentFee(collector: string): Program {
  return {
    ...plain('SilentFee'),
    act: (storage, market) => {
      const spent = spender(storage, market)
      if (spent === undefined || market.draw.oneIn(4)) return mint(storage, market)
      const { from, amount } = spent
      const to = market.draw.of(market.accounts)
      const fee = amount / 100n
      const next = changed(storage, [
        [from, -amount],
        [to, amount - fee],
        [collector, fee],
      ])
      return { storage: next, logs: [transferLog({ from, to, amount })], odd: fee > 0n }
    },
  }
}

/** Sometimes mints without an event; the supply is correct. */
export const SILENT_MINT: Program = {
  ...plain('SilentMint'),
  act: (storage, market) => {
    if (!market.draw.oneIn(3)) return plain('SilentMint').act(storage, market)
    const amount = mintAmount(market)
    return {
      storage: changed(storage, [[market.draw.of(market.accounts), amount], supplyBy(amount)]),
      logs: [],
      odd: true,
    }
  },
}

/** Its events report twice the amount that moves. */
export const LIAR: Program = {
  ...plain('Liar'),
  act: (storage, market) => {
    const effect = plain('Liar').act(storage, market)
    const logs = effect.logs.flatMap(({ told }) =>
      told === undefined ? [] : [transferLog({ ...told, amount: told.amount * 2n })],
    )
    return { ...effect, logs, odd: true }
  },
}

/** Emits transfers, but no account ever has a balance. */
export const PHANTOM: Program = {
  name: 'Phantom',
  standard: 'erc20',
  act: (storage, { draw, accounts }) => {
    const logs = accounts
      .slice(0, draw.between(1, 6))
      .map((to) => transferLog({ from: draw.of(accounts), to, amount: 10n ** 20n }))
    return { storage, logs, odd: true }
  },
  balanceOf: () => 0n,
  totalSupply: () => 0n,
}

/** Wrapped native: deposits and withdrawals change balances, and their events are no transfers. */
export const WRAPPED: Program = {
  ...plain('Wrapped'),
  act: (storage, market) => {
    const { draw, accounts } = market
    const spent = spender(storage, market)
    if (spent === undefined || draw.oneIn(3)) {
      const account = draw.of(accounts)
      const amount = mintAmount(market)
      return {
        storage: changed(storage, [[account, amount], supplyBy(amount)]),
        logs: [wrapLog('deposit', account, amount)],
        odd: true,
      }
    }
    const { from, amount } = spent
    if (draw.oneIn(3)) {
      return {
        storage: changed(storage, [[from, -amount], supplyBy(-amount)]),
        logs: [wrapLog('withdrawal', from, amount)],
        odd: true,
      }
    }
    const to = draw.of(accounts)
    return {
      storage: changed(storage, [
        [from, -amount],
        [to, amount],
      ]),
      logs: [transferLog({ from, to, amount })],
    }
  },
}

const NEXT_ID = 'next'

/** Deeds: the balance is the number of items of an account. */
export const ERC721: Program = {
  name: 'Deeds',
  standard: 'erc721',
  act: (storage, { draw, accounts }) => {
    const owned = [...storage].filter(([key]) => key.startsWith('owner '))
    const to = draw.of(accounts)
    if (owned.length < 5 || draw.oneIn(3)) {
      const id = storage.get(NEXT_ID) ?? 1n
      const next = new Map(changed(storage, [[to, 1n], supplyBy(1n)]))
        .set(NEXT_ID, id + 1n)
        .set(`owner ${id}`, BigInt(to))
      return { storage: next, logs: [deedLog(ZERO, to, id)] }
    }
    const [key, owner] = draw.of(owned)
    const from = `0x${owner.toString(16).padStart(40, '0')}`
    const next = new Map(
      changed(storage, [
        [from, -1n],
        [to, 1n],
      ]),
    ).set(key, BigInt(to))
    return { storage: next, logs: [deedLog(from, to, BigInt(key.slice(6)))] }
  },
  balanceOf: held,
  totalSupply: supplyOf,
}

/** Goods of two kinds, only minted. It reverts on `balanceOf` with one parameter. */
export const ERC1155: Program = {
  name: 'Goods',
  standard: 'erc1155',
  act: (storage, { draw, accounts }) => {
    const items = draw.oneIn(2)
      ? ([[1n, 5n]] as const)
      : ([
          [1n, 2n],
          [2n, 3n],
        ] as const)
    return { storage, logs: [goodsLog(ZERO, draw.of(accounts), items)] }
  },
  balanceOf: () => undefined,
  totalSupply: () => undefined,
}

/** Ordinary until it is upgraded, then with a silent fee: its storage then contains `UPGRADED`. */
export const UPGRADED = 'upgraded'

/** A proxy that gets new code while accounts use it. */
export function upgradeable(collector: string): Program {
  const fee = silentFee(collector)
  return {
    ...plain('Upgradeable'),
    act: (storage, market) => {
      if (storage.has(UPGRADED)) return fee.act(storage, market)
      if (market.draw.oneIn(60)) return { storage: new Map(storage).set(UPGRADED, 1n), logs: [] }
      return plain('Upgradeable').act(storage, market)
    },
  }
}
