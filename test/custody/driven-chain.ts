/** A chain with nodes that tests drive: a real journal, and a node with a table of balances. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { addressOf } from '../../src/chains/chia/words/address.ts'
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, type Kind, parseChainId } from '../../src/core/chain.ts'
import type { ChainReads, Journal, Store } from '../../src/store/seam/store.ts'
import { TableChain } from '../balances/world.ts'
import { hash } from '../chains/mock-chain.ts'
import type { Movement } from '../store/chains.ts'

/** The time of the tests, in Unix seconds. */
export const NOW = 1_000

/** The id of a chain. */
export function idOf(text: string): ChainId {
  const id = parseChainId(text)
  assert(id !== undefined, `${text} is a chain id`)
  return id
}

/** What differs between the followed chains of the tests. */
const PARTS = {
  evm: {
    id: idOf('eip155:1'),
    account: (index: number) => `0x${index.toString(16).padStart(40, '0')}`,
    token: (index: number): AssetRef => ({ standard: 'erc20', reference: `0x${index.toString(16).padStart(40, 'a')}` }),
  },
  starknet: {
    id: idOf('starknet:SN_MAIN'),
    account: (index: number) => `0x${index.toString(16).padStart(64, '0')}`,
    token: (index: number): AssetRef => ({ standard: 'erc20', reference: `0x${index.toString(16).padStart(64, '0')}` }),
  },
  chia: {
    id: idOf('chia:mainnet'),
    account: (index: number) => addressOf(index.toString(16).padStart(64, '0')),
    token: (index: number): AssetRef => ({ standard: 'cat', reference: index.toString(16).padStart(64, 'c') }),
  },
} as const

/** A chain with nodes that tests drive. Blocks of a branch are named `3`, `3a`: see `MockChain`. */
export type Driven = {
  readonly id: ChainId
  readonly family: Kind
  readonly node: TableChain
  readonly journal: Journal
  readonly reads: ChainReads
  readonly account: (index: number) => string
  readonly token: (index: number) => AssetRef
  /** Adds blocks on a parent and indexes them. */
  readonly append: (name: string, parent: string, moves?: readonly Movement[]) => Promise<void>
  readonly rollback: (name: string) => Promise<void>
  readonly finalize: (name: string) => Promise<void>
  /** Records a poll: the newest block is the node's head. */
  readonly poll: () => Promise<void>
}

/** A family of chains with nodes. */
export type FollowedFamily = keyof typeof PARTS

/** Opens the journal of a chain and indexes its first block. `accounts`: how many a chain that follows accounts follows. */
export async function drive(store: Store, family: FollowedFamily, accounts: number): Promise<Driven> {
  const { id, account, token } = PARTS[family]
  const listed = Array.from({ length: accounts }, (_, index) => account(index + 1))
  const isByAccount = family === 'chia'
  const journal = await store.openJournal(id, {
    scope: isByAccount ? { type: 'accounts', accounts: listed } : { type: 'all' },
    from: 0,
  })
  const node = new TableChain().add('0', undefined).show('0')
  const reads = await store.openReads(id)
  const tip = () => {
    const block = node.canonical().at(-1)
    assert(block !== undefined, 'a shown chain has a head')
    return block
  }
  const index = async (): Promise<void> => {
    const block = tip()
    await journal.append({ first: block.number, through: block, blocks: [block], headers: [block] })
    await nextTick()
  }
  const poll = async (): Promise<void> => {
    const { number, hash: at, parentHash, timestamp } = tip()
    const head = { number, hash: at, parentHash, timestamp }
    await journal.heartbeat({ state: 'live', head, caughtUpAt: NOW, error: undefined, counts: {} })
    await nextTick()
  }
  // A snapshot that is still open would keep the journal from closing.
  onTestFinished(async () => {
    await nextTick()
    await journal.close()
  })
  await index()
  await journal.finalize({ number: 0, hash: hash('0') })
  // A new chain is in doubt until some of its balances were compared.
  await journal.doubts.looked('all')
  await poll()
  return {
    id,
    family,
    node,
    journal,
    reads,
    account,
    token,
    poll,
    append: async (name, parent, moves = []) => {
      node.add(name, parent, moves).show(name)
      await index()
      await poll()
    },
    rollback: async (name) => {
      node.show(name)
      await reads.observations.dropAbove(Number.parseInt(name, 10))
      await journal.rollback({ number: Number.parseInt(name, 10), hash: hash(name) })
      await nextTick()
    },
    finalize: async (name) => {
      await journal.finalize({ number: Number.parseInt(name, 10), hash: hash(name) })
      await nextTick()
    },
  }
}
