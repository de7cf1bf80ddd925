import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseChainId } from '../core/chain.ts'
import { OldFacts } from './old-facts.ts'

const one = parseChainId('eip155:1') ?? expect.fail()
const two = parseChainId('eip155:2') ?? expect.fail()

/** Reads that wait until the test ends them. */
function setUp() {
  const reads: { readonly names: readonly string[]; readonly end: (error?: Error) => Promise<void> }[] = []
  const failures: unknown[] = []
  const state = { canRead: true }
  const facts = new OldFacts<{ readonly name: string; isQueued: boolean }>({
    read: (chain, tokens) =>
      new Promise((resolve, reject) => {
        const end = async (error?: Error): Promise<void> => {
          if (error === undefined) resolve()
          else reject(error)
          await nextTick()
        }
        reads.push({ names: tokens.map(({ name }) => `${chain} ${name}`), end })
      }),
    canRead: () => state.canRead,
    onFailure: (_, error) => failures.push(error),
  })
  const token = (name: string) => ({ name, isQueued: false })
  return { facts, reads, failures, state, token, names: () => reads.map((read) => read.names) }
}

test('one read runs at a time for a chain, and the next one takes all that was added meanwhile, each token once', async () => {
  const { facts, reads, token, names } = setUp()
  const [a, b, c] = [token('a'), token('b'), token('c')]
  facts.add(one, [a, a])
  facts.add(one, [b])
  facts.add(one, [b, c, a])
  facts.add(two, [token('a')])
  expect(names()).toEqual([['eip155:1 a'], ['eip155:2 a']])
  await reads[0]?.end()
  expect(names()[2]).toEqual(['eip155:1 b', 'eip155:1 c'])
  facts.add(one, [a])
  await reads[2]?.end()
  expect(names()[3]).toEqual(['eip155:1 a'])
  await reads[3]?.end()
  expect([a, b, c].some(({ isQueued }) => isQueued)).toBe(false)
  expect(reads).toHaveLength(4)
})

test('one read is of at most 25 tokens', async () => {
  const { facts, reads, token } = setUp()
  facts.add(
    one,
    Array.from({ length: 60 }, (_, index) => token(`${index}`)),
  )
  for (let read = 0; read < 3; read++) await reads[read]?.end()
  expect(reads.map(({ names }) => names.length)).toEqual([25, 25, 10])
})

test('after a failure, all tokens can be added again', async () => {
  const { facts, reads, failures, token, names } = setUp()
  const [a, b] = [token('a'), token('b')]
  facts.add(one, [a])
  facts.add(one, [b])
  const error = new Error('the disk is full')
  await reads[0]?.end(error)
  expect(failures).toEqual([error])
  facts.add(one, [b, a])
  expect(names()).toEqual([['eip155:1 a'], ['eip155:1 b', 'eip155:1 a']])
})

test('a chain that may not be read any more is asked for nothing, and its tokens can be added again', async () => {
  const { facts, reads, failures, state, token, names } = setUp()
  const [a, b] = [token('a'), token('b')]
  facts.add(one, [a])
  facts.add(one, [b])
  state.canRead = false
  await reads[0]?.end()
  expect([reads.length, failures, b.isQueued]).toEqual([1, [], false])
  state.canRead = true
  facts.add(one, [b])
  expect(names()[1]).toEqual(['eip155:1 b'])
})

test('a token that is added right after the last read ended is read', async () => {
  const { facts, reads, token, names } = setUp()
  facts.add(one, [token('a')])
  const ended = reads[0]?.end()
  // In each of the steps in which the read ends.
  for (let step = 0; step < 8; step++) {
    await Promise.resolve()
    facts.add(one, [token(`${step}`)])
  }
  await ended
  for (let read = 1; read < reads.length; read++) await reads[read]?.end()
  expect(names().flat()).toHaveLength(1 + 8)
})

test('no more than 1,000 tokens wait, and others can be added later', async () => {
  const { facts, reads, token, names } = setUp()
  const last = token('last')
  facts.add(one, [token('first')])
  facts.add(one, [...Array.from({ length: 1_000 }, (_, index) => token(`${index}`)), last])
  expect(last.isQueued).toBe(false)
  await reads[0]?.end()
  facts.add(one, [last])
  for (let read = 1; read < reads.length; read++) await reads[read]?.end()
  expect(names().flat()).toHaveLength(1_002)
  expect(names().at(-1)).toEqual(['eip155:1 last'])
})
