/** Bulk loads of a chain that has blocks already, which are interrupted while their generation takes the place of the one before. */
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { ChainReads } from '../../src/store/seam/store.ts'
import { makeChain } from '../bulk/final-chain.ts'
import { hash } from '../chains/mock-chain.ts'
import { Asker } from '../crash/asker.ts'
import { live } from '../crash/live.ts'
import { CHAIN } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, makeBlock } from '../store/chains.ts'
import { placeMaker } from '../store/engines.ts'
import { LoadPlace } from './load-place.ts'
import { cut, type Happening, watchLoads } from './load-points.ts'

const CHILD = fileURLToPath(new URL('./later-child.ts', import.meta.url))
/** About the last block that is stored before. */
const OLD = 200

/** Seconds pass between any two looks at this clock, so that generations become due. */
export function slowClock(): () => number {
  let at = 0
  return () => (at += 3_000)
}

/** Who is told of each statement, and how the chain is indexed. */
type Later = {
  readonly told?: (statement: string) => void
  readonly run?: Parameters<LoadPlace['load']>[0]
}

export class LaterLoads extends LoadPlace {
  /** Stores the first blocks without a bulk load, with reads that open balances. */
  static override async make(): Promise<LaterLoads> {
    const loads = new LaterLoads(await placeMaker('postgres')())
    const chain = makeChain((first) => {
      if (first > OLD) throw new Error('the node is gone')
    })
    expect(await loads.load({ chain, isBulk: false, now: slowClock() })).toMatchObject({ message: 'the node is gone' })
    await loads.#change([])
    return loads
  }

  /** Repairs a block of those that are stored, also while a load goes on. */
  repair(number: number): Promise<void> {
    return this.#change([number])
  }

  /** Loads what is missing, and returns why that failed. */
  async later(happening: Happening, { told, run = {} }: Later = {}): Promise<unknown> {
    const end = watchLoads(happening, told)
    try {
      // A journal that cannot release its lease fails to close.
      return await this.load({ isEager: true, ...run }).catch((error: unknown) => error)
    } finally {
      end()
    }
  }

  /** The statements of a load's connection, which is undisturbed. */
  async statements(): Promise<readonly string[]> {
    const told: string[] = []
    expect(
      await this.later({ at: -1, when: 'before', act: cut }, { told: (statement) => void told.push(statement) }),
    ).toBeUndefined()
    return told
  }

  /** Loads in a process of its own that kills itself at a statement. Returns true if it did. */
  killed(at: number | string): Promise<boolean> {
    return live(CHILD, [this.place.url, this.loadFolder, String(at)], 'natural')
  }

  openReads(): Promise<ChainReads> {
    return this.place.open().then((store) => store.openReads(CHAIN))
  }

  /** Begins to ask all the time. */
  async ask(complete: LaterLoads): Promise<{ readonly end: () => Promise<number> }> {
    const asker = new Asker(await this.openReads(), await complete.openReads())
    const asking = asker.run()
    return {
      end: async () => {
        asker.stop()
        await asking
        expect(asker.answers).toBeGreaterThan(0)
        return asker.published
      },
    }
  }

  async #change(repaired: readonly number[]): Promise<void> {
    const { journal } = await this.place.openChain(undefined, { loadFolder: this.loadFolder })
    const at = (number: number) => ({ number, hash: hash(`${number}`) })
    const blocks = repaired.map((number) => {
      const header = { ...at(number), parentHash: '', timestamp: number * 12 }
      return makeBlock([{ asset: ASSETS[0], from: undefined, to: ACCOUNTS[1], amount: 5n, item: 0 }], header)
    })
    if (blocks.length > 0) await journal.repair(blocks)
    else {
      const reads = ACCOUNTS.slice(0, 3).map((account) => ({ account, asset: ASSETS[0], item: '', amount: 1_000_000n }))
      await journal.adopt(reads.map((read) => ({ ...read, block: at(150), observedAt: 1 })))
    }
    await journal.close()
  }
}
