/** Accounts that are followed on a chain whose transfers are found by leads. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CoinReads } from '../../src/chains/account-reader.ts'
import type { FetchScope } from '../../src/chains/adapter.ts'
import { assetKey, NO_ITEM } from '../../src/core/asset.ts'
import type { Coverage } from '../../src/core/coverage.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const [alice = '', bob = '', carol = ''] = ACCOUNTS
const [GOLD, SILVER] = ASSETS
const SIGNAL = new AbortController().signal

const of = (...accounts: readonly string[]): Coverage => ({ scope: { type: 'accounts', accounts }, from: 0 })

type Wants = { accounts: readonly string[] }
async function rigOf(chain: MockChain, wants: Wants): Promise<Rig> {
  const rig = await makeRig(chain, of(...wants.accounts), { wanted: async () => wants.accounts })
  onTestFinished(rig.close)
  return rig
}

/**
 * A chain without an index of accounts: what an account did is found only by known assets, which are the leads. Whole
 * blocks, and the coins of an account, reveal assets.
 */
class CoinChain extends StatefulChain {
  readonly memory: string[] = []
  /** Assets that the coins of an account reveal. */
  readonly hinted = new Set<string>()
  readonly cut = new Set<string>()
  readonly unreadable = new Set<string>()
  readonly searches: FetchScope[] = []

  readonly accounts = {
    leads: async () => this.memory.length,
    readCoins: async (account: string): Promise<CoinReads> => {
      if (this.unreadable.has(account)) throw new ServiceError('NODE_GARBAGE', 'odd coins')
      const of = this.canonical().flatMap((block) =>
        block.transfers.filter(({ from, to }) => [from, to].includes(account)),
      )
      this.learn(of.map(({ asset }) => assetKey(asset)).filter((key) => this.hinted.has(key)))
      const block = this.canonical().at(-1)
      if (block === undefined) throw new ServiceError('NODE_BEHIND', 'no block')
      return { block, observedAt: 0, coins: [], isCut: this.cut.has(account) }
    },
  }

  learn(keys: readonly string[]): void {
    for (const key of keys) if (!this.memory.includes(key)) this.memory.push(key)
  }

  override async transfers(range: Parameters<StatefulChain['transfers']>[0]): Promise<readonly BlockTransfers[]> {
    const { scope } = range
    this.searches.push(scope)
    const leads = this.memory.slice('leadsAbove' in scope ? scope.leadsAbove : 0)
    const found = (await super.transfers(range)).map((block) => {
      return { ...block, transfers: block.transfers.filter(({ asset }) => leads.includes(assetKey(asset))) }
    })
    return found.filter(({ transfers }) => transfers.length > 0)
  }

  override async transfersOf(wanted: Parameters<StatefulChain['transfersOf']>[0]): Promise<readonly BlockTransfers[]> {
    const blocks = await super.transfersOf(wanted)
    const whole = await super.transfersOf({ ...wanted, scope: { type: 'all' } })
    this.learn(whole.flatMap(({ transfers }) => transfers.map(({ asset }) => assetKey(asset))))
    return blocks
  }
}

describe('where transfers are found by leads', () => {
  const move = (asset: Movement['asset'], to: string): Movement => ({ asset, from: undefined, to, amount: 5n, item: 0 })

  /** Alice was paid in gold early and silver later; bob is paid in silver at block 152. */
  function coinChain(last: number): CoinChain {
    const chain = new CoinChain().add('0', undefined)
    for (let number = 1; number <= last; number++) {
      const asset = number === 2 ? GOLD : number === 3 || number === 152 ? SILVER : undefined
      chain.add(`${number}`, `${number - 1}`, asset === undefined ? [] : [move(asset, number === 152 ? bob : alice)])
    }
    return chain
  }
  const shown = async (rig: Rig): Promise<readonly string[]> =>
    (await rig.dump()).filter((line) => line.startsWith('balances'))

  test('the coins of an account are read before its history, and a lead that is found later reveals the rest', async () => {
    const chain = coinChain(160)
    chain.hinted.add(assetKey(GOLD))
    chain.show('150', 140)
    const wants: Wants = { accounts: [carol] }
    const rig = await rigOf(chain, wants)
    await rig.settle()
    wants.accounts = [carol, alice]
    await rig.settle()
    expect(await shown(rig)).toEqual([expect.stringContaining(assetKey(GOLD))])
    expect(rig.journal.followed.list()).toMatchObject([
      { account: carol, leads: 1 },
      { account: alice, leads: 1 },
    ])
    chain.searches.length = 0
    chain.show('160', 150)
    await rig.settle()
    expect(chain.searches).toEqual([{ type: 'accounts', accounts: [carol, alice], leadsAbove: 1 }])
    expect(await rig.dump()).toEqual(await undisturbed(coinChainOf(chain), of(carol, alice)))
    // An adapter that lost its memory numbers its leads anew.
    chain.searches.length = 0
    chain.memory.splice(0)
    chain.learn([assetKey(SILVER)])
    await rig.settle()
    expect(chain.searches).toEqual([{ type: 'accounts', accounts: [carol, alice], leadsAbove: 0 }])
    expect((await rig.reads.clock()).doubts.tokens).toBe(0)
  })

  describe('a read that equalled the journal is compared again, and is deleted,', () => {
    /** Alice's coins as a read found them at block 150, when the journal knew no more. */
    async function afterRead(chain: CoinChain, amounts: readonly [gold: bigint, silver: bigint]) {
      chain.show('150', 140)
      const rig = await rigOf(chain, { accounts: [alice] })
      await rig.settle()
      const block = chain.canonical().find(({ number }) => number === 150)
      if (block === undefined) throw new Error('there is a block 150')
      const reads = [GOLD, SILVER].map((asset, index) => {
        return { account: alice, asset, item: NO_ITEM, block, amount: amounts[index] ?? 0n, observedAt: 0 }
      })
      await rig.reads.observations.put(reads)
      await rig.settle()
      const stored = async (): Promise<readonly (bigint | undefined)[]> => {
        return (await rig.reads.observations.get(reads)).map((one) => one?.amount)
      }
      expect(await stored()).toEqual(amounts)
      return { rig, stored }
    }

    test('when a later lead reveals more', async () => {
      const chain = coinChain(160)
      chain.learn([assetKey(GOLD)])
      const { rig, stored } = await afterRead(chain, [5n, 0n])
      chain.learn([assetKey(SILVER)])
      chain.show('160', 150)
      await rig.settle()
      expect(await stored()).toEqual([5n, undefined])
    })

    test('when the audit corrects past blocks', async () => {
      const chain = new CoinChain().add('0', undefined)
      for (let number = 1; number <= 150; number++) {
        const asset = number === 2 ? GOLD : number === 3 || number === 5 ? SILVER : undefined
        chain.add(`${number}`, `${number - 1}`, asset === undefined ? [] : [move(asset, alice)])
      }
      chain.learn([assetKey(GOLD), assetKey(SILVER)])
      chain.hide('3', [0])
      const { rig, stored } = await afterRead(chain, [5n, 5n])
      expect(await rig.audit()).toMatchObject({ audit_repaired: 1 })
      await rig.settle()
      expect(await stored()).toEqual([5n, undefined])
    })
  })

  test('after a pause, accounts are asked for again, since ranges of blocks reveal no new leads', async () => {
    const chain = new CoinChain().add('0', undefined)
    for (let number = 1; number <= 400; number++) {
      const movements = number === 2 ? [move(GOLD, alice)] : number === 250 ? [move(SILVER, alice)] : []
      chain.add(`${number}`, `${number - 1}`, movements)
    }
    for (const asset of [GOLD, SILVER]) chain.hinted.add(assetKey(asset))
    chain.show('150', 140)
    const wants: Wants = { accounts: [alice] }
    const first = await makeRig(chain, of(), { wanted: async () => wants.accounts })
    await first.settle()
    expect(first.journal.followed.list()).toMatchObject([{ leads: 1, knownThrough: 150 }])
    const place = await first.stop()
    chain.show('400', 390)
    const rig = await makeRig(chain, of(), { wanted: async () => wants.accounts, place })
    onTestFinished(rig.close)
    await rig.indexer.step(SIGNAL)
    await rig.settle()
    expect(rig.journal.followed.list()).toMatchObject([{ leads: 2, knownThrough: 400 }])
    expect(await rig.dump()).toEqual(await undisturbed(coinChainOf(chain), of(alice)))
  })

  test('an account that no node can read does not hold up the others', async () => {
    const chain = coinChain(400)
    chain.show('150', 140)
    const wants: Wants = { accounts: [] }
    const clock = { at: 0 }
    const rig = await makeRig(chain, of(), { wanted: async () => wants.accounts, now: () => clock.at })
    onTestFinished(rig.close)
    await rig.settle()
    chain.unreadable.add(bob)
    wants.accounts = [alice, bob, carol]
    const goOn = async (): Promise<void> => {
      for (let tries = 0; tries < 12; tries++) {
        await rig.settle()
        clock.at += 100_000
      }
    }
    await goOn()
    const followed = rig.journal.followed.list().map(({ account }) => account)
    expect(followed.sort()).toEqual([alice, carol].sort())
    chain.unreadable.clear()
    await goOn()
    expect(rig.journal.followed.list()).toHaveLength(3)
    // Nor after a pause, when all are asked for again.
    chain.unreadable.add(bob)
    chain.show('400', 390)
    await goOn()
    const known = rig.journal.followed.list().map(({ account, knownThrough = -1 }) => [account, knownThrough === 400])
    expect(known.sort()).toEqual([
      [alice, true],
      [bob, false],
      [carol, true],
    ])
  })

  test('an account whose coins were cut is read from whole blocks, until nothing of it can be missing', async () => {
    const chain = coinChain(200)
    chain.hinted.add(assetKey(GOLD))
    chain.cut.add(alice)
    chain.show('150', 140)
    const wants: Wants = { accounts: [] }
    const rig = await rigOf(chain, wants)
    await rig.settle()
    wants.accounts = [alice]
    await rig.indexer.step(SIGNAL)
    const query = {
      account: alice,
      standards: ['erc20'],
      receivedOnly: false,
      assets: undefined,
      offset: 0,
      limit: 9,
    } as const
    const seen = async () => {
      await nextTick()
      const { count, mayLackTokens } = await rig.reads.account(query)
      return { count, mayLackTokens, knownThrough: rig.journal.followed.list()[0]?.knownThrough }
    }
    expect(await seen()).toEqual({ count: 1, mayLackTokens: true, knownThrough: 1 })
    await rig.indexer.step(SIGNAL)
    expect(await seen()).toEqual({ count: 2, mayLackTokens: true, knownThrough: 65 })
    await rig.settle()
    expect(await seen()).toEqual({ count: 2, mayLackTokens: false, knownThrough: 150 })
    chain.show('151', 140)
    await rig.settle()
    expect(await seen()).toEqual({ count: 2, mayLackTokens: false, knownThrough: 151 })
  })

  /** The same chain for an adapter that finds everything. */
  function coinChainOf(chain: CoinChain): MockChain {
    const plain = new MockChain()
    for (const { number, transfers } of chain.canonical()) {
      const movements = transfers.map(({ asset, from, to, amount }) => ({ asset, from, to, amount, item: 0 }))
      plain.add(`${number}`, number === 0 ? undefined : `${number - 1}`, movements)
    }
    return plain.show(`${chain.canonical().length - 1}`, 150)
  }
})
