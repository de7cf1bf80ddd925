/** A small simulated chain that has each kind of coin, what its accounts hold, and adapters over its nodes. */
import type { AdapterMemory } from '../../src/chains/account-reader.ts'
import type { AdapterOptions, ChainAdapter, FetchScope } from '../../src/chains/adapter.ts'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { Cat } from '../../src/demo/chia/orders.ts'
import type { ChiaNodeOptions } from '../../src/demo/chia/view.ts'
import { SIGNAL } from '../chains/under-test.ts'
import { type Simulated, startTestWorld } from './node/start.ts'

/** The chain of the simulator. */
export const CHAIN = parseChainId('chia:simulator0') as ChainId
const PLAIN: Cat = { issuer: 1 }
const REVOCABLE: Cat = { issuer: 5, revoker: 6 }
const LARGE = 2n ** 60n

/** A CAT by its TAIL. */
export const cat = (tail: string): AssetRef => ({ standard: 'cat', reference: tail })

/** An account. */
export type Account = { readonly puzzleHash: string; readonly address: string }

/** A chain with three accounts, a plain and a revocable CAT, coins without memos, forged and short-lived ones, and an NFT. */
export class SmallChain {
  readonly world: Simulated
  readonly accounts: readonly [Account, Account, Account]
  /** The TAILs of the plain and of the revocable CAT. */
  readonly tails: readonly [string, string]

  private constructor(world: Simulated, accounts: SmallChain['accounts'], tails: SmallChain['tails']) {
    this.world = world
    this.accounts = accounts
    this.tails = tails
  }

  static async start(): Promise<SmallChain> {
    const world = await startTestWorld()
    const wallet = (number: number) => world.call('wallet', number)
    const tailOf = async (one: Cat) => (await world.call('cat', one)).tail
    const accounts = [await wallet(2), await wallet(3), await wallet(4)] as const
    const chain = new SmallChain(world, accounts, [await tailOf(PLAIN), await tailOf(REVOCABLE)])
    await chain.#fill()
    return chain
  }

  async #fill(): Promise<void> {
    const { world } = this
    const [alice, bob, carol] = this.puzzleHashes
    const outputs = [
      { to: alice, amount: LARGE },
      { to: bob, amount: 5n, memos: [] },
    ]
    await world.call('mine', [])
    await world.call('mine', [{ do: 'issue', cat: PLAIN, outputs }])
    await world.call('mine', [])
    await world.call('mine', [
      {
        do: 'issue',
        cat: REVOCABLE,
        outputs: [
          { to: alice, amount: 1_000n },
          { to: carol, amount: 9n, memos: [] },
        ],
      },
      { do: 'send', cat: PLAIN, from: 2, outputs: [{ to: bob, amount: 7n, memos: [] }], changeMemos: [] },
    ])
    // A coin with the puzzle hash and the hint of a CAT, which is none; and an NFT.
    const forged = await world.call('catPuzzleHash', PLAIN, carol)
    await world.call('mine', [
      { do: 'pay', from: 7, outputs: [{ to: forged, amount: 4_000n, memos: [carol] }] },
      { do: 'mint nft', from: 8, to: alice },
    ])
    await world.call('mine', [])
    await world.call('mine', [
      { do: 'melt', cat: PLAIN, from: 3, amount: 2n },
      { do: 'send', cat: REVOCABLE, from: 2, outputs: [{ to: bob, amount: 300n, memos: [alice] }] },
      { do: 'revoke', cat: REVOCABLE, from: carol },
    ])
    // Made and spent in one block.
    await world.call('mine', [
      { do: 'send', cat: PLAIN, from: 3, outputs: [{ to: carol, amount: 6n }] },
      { do: 'send', cat: PLAIN, from: 4, outputs: [{ to: alice, amount: 6n }] },
    ])
    await world.call('mine', [])
  }

  get puzzleHashes(): readonly [string, string, string] {
    const [one, two, three] = this.accounts
    return [one.puzzleHash, two.puzzleHash, three.puzzleHash]
  }

  get addresses(): readonly string[] {
    return this.accounts.map(({ address }) => address)
  }

  get scope(): FetchScope {
    return { type: 'accounts', accounts: this.addresses }
  }

  async node(options: ChiaNodeOptions = {}): Promise<string> {
    return (await this.world.call('startNode', { options })).url
  }

  async adapter(options: ChiaNodeOptions = {}, more: Pick<AdapterOptions, 'memory'> = {}): Promise<ChainAdapter> {
    const rpc = [await this.node(options)]
    const given = { chain: CHAIN, rpc, finality: { confirmations: 2 }, warn: () => undefined, ...more }
    return createChiaAdapter(given, { pauses: { baseMs: 1, maxMs: 2 } }).adapter
  }

  /** An adapter that has seen both CATs. */
  async prepared(options: ChiaNodeOptions = {}): Promise<ChainAdapter> {
    const memory = memoryOf()
    await this.held(await this.adapter({}, { memory }))
    return this.adapter(options, { memory })
  }

  /** What the accounts hold at a block, by address and TAIL, as the simulator has it. */
  async truth(block?: number): Promise<ReadonlyMap<string, bigint>> {
    const tokens = await Promise.all([PLAIN, REVOCABLE].map((one) => this.world.call('cat', one)))
    const leads = tokens.flatMap(({ tail, hidden }) => {
      const plain = { tail, hidden: undefined }
      return hidden === undefined ? [plain] : [plain, { tail, hidden }]
    })
    const held = await this.world.call('truth', this.puzzleHashes, leads, block)
    const addressOf = new Map(this.accounts.map(({ puzzleHash, address }) => [puzzleHash, address]))
    const sums = new Map<string, bigint>()
    for (const { owner, tail, amount } of held) {
      const name = `${addressOf.get(owner)} ${tail}`
      sums.set(name, (sums.get(name) ?? 0n) + amount)
    }
    return sums
  }

  /** What the accounts hold by an adapter's reads of their coins, in the same form, and the reads. */
  async held(adapter: ChainAdapter) {
    const sums = new Map<string, bigint>()
    const reads = []
    for (const account of this.addresses) {
      const read = await adapter.accounts?.readCoins(account, 'tokens', SIGNAL)
      reads.push(read)
      for (const { asset, amount } of read?.coins ?? []) {
        const name = `${account} ${asset.reference}`
        sums.set(name, (sums.get(name) ?? 0n) + amount)
      }
    }
    return { sums, reads }
  }
}

/** What adapters keep, for the time of one test. */
export function memoryOf(): AdapterMemory {
  const texts: string[] = []
  return {
    since: async (after) => texts.slice(after),
    add: async (more) => void texts.push(...more.filter((text) => !texts.includes(text))),
  }
}
