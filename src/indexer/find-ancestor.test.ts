import { expect, test } from 'vitest'
import type { Header } from '../core/block.ts'
import { findAncestor } from './find-ancestor.ts'

const HEAD = 9_000
const SIGNAL = new AbortController().signal

/** A chain from block 0 whose blocks above `fork` are of another branch. */
function chain(branch: string, fork: number): readonly Header[] {
  const hash = (number: number): string => `${number > fork ? branch : 'common'} ${number}`
  return Array.from({ length: HEAD + 1 }, (_, number) => {
    return { number, hash: hash(number), parentHash: hash(number - 1), timestamp: number }
  })
}

async function search(fork: number, finalized: number) {
  const [ours, theirs] = [chain('ours', fork), chain('theirs', fork)]
  let fetched = 0
  const headers = async ({ first, last }: { first: number; last: number }): Promise<readonly Header[]> => {
    fetched += last - first + 1
    return theirs.slice(first, last + 1)
  }
  const from = theirs[HEAD] ?? expect.fail()
  const ancestor = await findAncestor({ adapter: { headers }, headers: ours.slice(finalized), finalized, from }, SIGNAL)
  return { ancestor: ancestor?.number, fetched }
}

test.each([
  [1, 4],
  [50, 60],
  [1_800, 1_800 + 512],
  [8_999, 9_001],
])('a reorg of %i blocks costs at most %i headers', async (depth, most) => {
  const { ancestor, fetched } = await search(HEAD - depth, 0)
  expect(ancestor).toBe(HEAD - depth)
  expect(fetched).toBeLessThanOrEqual(most)
})

test('a reorg below the finalized block is too deep', async () => {
  await expect(search(HEAD - 1_800, HEAD - 1_000)).rejects.toMatchObject({ code: 'REORG_TOO_DEEP' })
})
