import { afterAll, beforeAll, expect, test } from 'vitest'
import { bareLimit, parseTransfers } from '../../bench/bare-limit.ts'
import { DEFAULT_SHAPE } from '../../bench/chain/generator.ts'
import { type GeneratedNode, startGeneratedNode } from '../../bench/chain/start.ts'

// 55 answers of 10,000 transfers and one of 1,234: enough for the workers to wait at the same time, many times.
const SHAPE = { ...DEFAULT_SHAPE, transfers: 551_234, accounts: 2_000, tokens: 20 }

let node: GeneratedNode
beforeAll(async () => {
  node = await startGeneratedNode(SHAPE)
})
afterAll(() => node.stop())

test('every parsed transfer counts once, whichever worker parsed it', async () => {
  expect(await parseTransfers(node, Number.POSITIVE_INFINITY)).toBe(SHAPE.transfers)
  const some = await parseTransfers(node, 100_000)
  expect(some).toBeGreaterThanOrEqual(100_000)
  // The surplus is at most the answers in flight when the last needed one arrived.
  expect(some).toBeLessThanOrEqual(140_000)
  expect(await bareLimit(node, 10_000)).toBeGreaterThan(0)
})
