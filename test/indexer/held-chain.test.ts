/** The header chain in memory equals what the store would say, without asking it for every block. */
import { expect, test } from 'vitest'
import { HeldChain } from '../../src/indexer/held-chain.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { makeRig } from './harness.ts'

const SIGNAL = new AbortController().signal
const BLOCKS = 300

function numbered(blocks: number): MockChain {
  const chain = new MockChain().add('0', undefined)
  for (let number = 1; number <= blocks; number++) chain.add(`${number}`, `${number - 1}`)
  return chain
}

test('following a chain reads its headers from the store once, whatever their number', async () => {
  const chain = numbered(BLOCKS)
  const rig = await makeRig(chain.show('0', 0))
  const { journal } = rig
  const state = journal.state.bind(journal)
  let reads = 0
  journal.state = () => {
    reads++
    return state()
  }
  await rig.indexer.step(SIGNAL)
  for (let number = 1; number <= BLOCKS; number++) {
    chain.show(`${number}`, Math.max(0, number - 200))
    await rig.indexer.step(SIGNAL)
  }
  expect(reads).toBe(1)
  expect(await state()).toMatchObject({ written: { number: BLOCKS }, finalized: { number: BLOCKS - 200 } })
  await rig.close()
})

test('equals the store after blocks, finality, a backfill and a rollback', async () => {
  const chain = numbered(20)
  const rig = await makeRig(chain.show('0', 0))
  await rig.settle()
  const { journal } = rig
  const held = new HeldChain(journal)
  const expectEqual = async (): Promise<void> => {
    const { written, headers, finalized } = await new HeldChain(journal).load()
    expect(await held.load()).toEqual({ written, headers, finalized })
  }
  const append = async (first: number, last: number, how: 'following' | 'backfill'): Promise<void> => {
    const headers = await chain.headers({ first, last })
    const through = headers.at(-1)
    if (through === undefined) throw new Error('a range has a last block')
    const batch = { first, through, blocks: [], headers: how === 'following' ? headers : [] }
    await journal.append(batch)
    held.appended(batch)
  }
  const finalize = async (number: number): Promise<void> => {
    const [block] = await chain.headers({ first: number, last: number })
    if (block === undefined) throw new Error('no such block')
    await journal.finalize(block)
    held.finalizedAt(block)
  }
  chain.show('20', 0)
  await append(1, 5, 'following')
  await expectEqual()
  await append(6, 6, 'following')
  await finalize(4)
  await expectEqual()
  await finalize(6)
  await append(7, 12, 'backfill')
  await finalize(12)
  await expectEqual()
  await append(13, 20, 'following')
  await expectEqual()
  const [ancestor] = await chain.headers({ first: 14, last: 14 })
  await journal.rollback(ancestor)
  held.forget()
  await expectEqual()
  await rig.close()
})
