import { expect, test } from 'vitest'
import { ServiceError } from '../../src/core/errors.ts'
import { runIndexer } from '../../src/indexer/run-indexer.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { makeRig } from './harness.ts'

type Line = readonly [level: string, message: string, fields: Readonly<Record<string, unknown>>]

/** Follows a chain with a node that fails in these ways, one a poll, and returns the log after the last failure. */
async function linesOf(failures: readonly Error[]): Promise<readonly Line[]> {
  const chain = new MockChain()
  const stop = new AbortController()
  let polls = 0
  chain.heads = async () => {
    const failure = failures[polls++]
    if (failure === undefined) stop.abort()
    throw failure ?? new ServiceError('ABORTED', 'stopped')
  }
  const rig = await makeRig(chain)
  const lines: Line[] = []
  const log = (...line: Line): void => void lines.push(line)
  await runIndexer({ indexer: rig.indexer, pollMs: 1, log, signal: stop.signal })
  await rig.close()
  return lines
}

test.each([
  ['CHAIN_MISMATCH', 'the node is on another chain'],
  ['REORG_TOO_DEEP', 'final blocks were replaced'],
] as const)('a chain that stops for %s is logged as an error, once', async (code, message) => {
  expect(await linesOf([new ServiceError(code, message)])).toEqual([
    ['error', 'this chain stops', { code, error: message }],
  ])
})

test('a chain that stops because of a bug is logged as an error with the code INTERNAL', async () => {
  expect(await linesOf([new TypeError('x is undefined')])).toEqual([
    ['error', 'this chain stops', { code: 'INTERNAL', error: 'x is undefined' }],
  ])
})

test('a failure that may pass is a warning with its code', async () => {
  const down = new ServiceError('NODE_UNREACHABLE', 'no connection')
  expect(await linesOf([down])).toEqual([
    ['warn', 'cannot follow, will try again', { code: 'NODE_UNREACHABLE', error: 'no connection', failures: 1 }],
  ])
})
