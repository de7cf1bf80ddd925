/** Accounts that are followed while the chain goes on, on a readable mock chain with a real store. */
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Coverage } from '../../src/core/coverage.ts'
import { ServiceError } from '../../src/core/errors.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { ACCOUNTS, ASSETS, blockMovements, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, type RigOptions, undisturbed } from './harness.ts'

const [alice = '', bob = '', carol = ''] = ACCOUNTS
const [GOLD] = ASSETS
const SIGNAL = new AbortController().signal

const of = (...accounts: readonly string[]): Coverage => ({ scope: { type: 'accounts', accounts }, from: 0 })
const paid = (to: string, amount: bigint, from?: string): Movement => ({ asset: GOLD, from, to, amount, item: 0 })

/** A chain of blocks on one branch, in which somebody is paid in every third one. */
function longChain(last: number): MockChain {
  const chain = new MockChain().add('0', undefined)
  for (let number = 1; number <= last; number++) chain.add(`${number}`, `${number - 1}`, paidAt(number))
  return chain
}

function paidAt(number: number): Movement[] {
  if (number % 3 !== 0) return []
  const [from, to] = [ACCOUNTS[number % 5], ACCOUNTS[(number + 1) % 5]]
  return [paid(to ?? '', BigInt(number)), paid(to ?? '', 1n, from)]
}

type Wants = { accounts: readonly string[] }
async function rigOf(chain: MockChain, wants: Wants, options: RigOptions & { readonly coverage?: Coverage } = {}) {
  const { coverage = of(...wants.accounts), ...others } = options
  const rig = await makeRig(chain, coverage, { wanted: async () => wants.accounts, ...others })
  onTestFinished(rig.close)
  return rig
}

const followed = (rig: Rig) =>
  rig.journal.coverage.scope.type === 'accounts' ? rig.journal.coverage.scope.accounts : []

test('an account that is wanted later has its whole history, and the chain goes on meanwhile', async () => {
  const chain = longChain(700).show('640', 600)
  const wants: Wants = { accounts: [alice] }
  const rig = await rigOf(chain, wants)
  await rig.settle()
  wants.accounts = [alice, bob]
  const seen: number[] = []
  for (let number = 641; !followed(rig).includes(bob); number++) {
    await rig.indexer.step(SIGNAL)
    const { written } = await rig.journal.state()
    seen.push(written?.number ?? -1)
    chain.show(`${number}`, number - 40)
  }
  expect(seen).toEqual(seen.map((_, index) => 640 + index))
  await rig.settle()
  expect(await rig.dump()).toEqual(await undisturbed(chain, of(alice, bob)))
  wants.accounts = [bob]
  await rig.settle()
  expect([followed(rig), await rig.dump()]).toEqual([[bob], await undisturbed(chain, of(bob))])
})

test('accounts that are wanted before the first block need no history', async () => {
  const chain = longChain(30).show('30', 10)
  const calls: string[] = []
  chain.fault = (call) => void calls.push(call)
  const rig = await rigOf(chain, { accounts: [alice, carol] }, { coverage: of() })
  await rig.settle()
  expect(await rig.dump()).toEqual(await undisturbed(longChain(30).show('30', 10), of(alice, carol)))
  expect(calls).not.toContain('transfers')
})

describe('while a history is fetched', () => {
  test('a node that fails does not hold up the chain, and is asked again after growing pauses', async () => {
    const chain = longChain(60).show('40', 5)
    const logs: string[] = []
    const clock = { at: 0 }
    const wants: Wants = { accounts: [alice] }
    const log: RigOptions['log'] = (level, message) => void logs.push(`${level}: ${message}`)
    const rig = await rigOf(chain, wants, { now: () => clock.at, log })
    await rig.settle()
    let asked = 0
    chain.fault = (call) => {
      if (call !== 'transfers') return
      asked++
      throw new ServiceError('NODE_UNREACHABLE', 'down')
    }
    wants.accounts = [alice, bob]
    chain.show('50', 10)
    await rig.settle()
    expect([(await rig.journal.state()).written?.number, asked]).toEqual([50, 1])
    clock.at += 999
    await rig.settle()
    clock.at += 1
    await rig.settle()
    clock.at += 1_999
    await rig.settle()
    expect([asked, followed(rig)]).toEqual([2, [alice]])
    chain.fault = () => undefined
    clock.at += 1
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain, of(alice, bob)))
    expect(logs.filter((line) => line.includes('account'))).toEqual([
      'warn: cannot fetch the history of accounts, will try again',
      'info: accounts are followed',
      'info: accounts are followed again',
    ])
  })

  test('a reorg of blocks that are fetched by number discards what was fetched', async () => {
    const chain = longChain(60)
    // A branch that forks from block 10 and pays nobody: an answer of it looks like an empty history.
    for (let number = 11; number <= 62; number++) chain.add(`${number}b`, number === 11 ? '10' : `${number - 1}b`)
    chain.show('60', 5)
    const clock = { at: 0 }
    const wants: Wants = { accounts: [alice] }
    const rig = await rigOf(chain, wants, { now: () => clock.at })
    await rig.settle()
    wants.accounts = [alice, bob]
    chain.fault = (call) => {
      if (call === 'transfers') chain.show('62b', 5)
    }
    await rig.indexer.step(SIGNAL)
    expect(rig.journal.followed.list().filter(({ account }) => account === bob)).toEqual([])
    // The node returns to our branch.
    chain.fault = () => undefined
    chain.show('60', 5)
    clock.at += 60_000
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(longChain(60).show('60', 5), of(alice, bob)))
    chain.show('62b', 5)
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain, of(alice, bob)))
  })

  test('a reorg of the newest blocks is noticed by their hashes', async () => {
    const chain = longChain(40)
    for (const number of [38, 39, 40]) chain.add(`${number}b`, number === 38 ? '37' : `${number - 1}b`, [paid(bob, 5n)])
    chain.show('40', 20)
    const wants: Wants = { accounts: [alice] }
    const rig = await rigOf(chain, wants)
    await rig.settle()
    wants.accounts = [bob]
    // The node is on another branch, and still knows the blocks that were replaced.
    chain.fault = (call) => {
      if (call === 'transfersOf') chain.show('40b', 20)
    }
    await rig.settle()
    chain.fault = () => undefined
    await rig.settle()
    expect(await rig.dump()).toEqual(await undisturbed(chain, of(bob)))
  })
})

test('a journal whose accounts change while the chain forks and nodes fail equals an undisturbed one', async () => {
  const event = fc.oneof(
    { weight: 5, arbitrary: fc.record({ grow: fc.array(blockMovements, { minLength: 1, maxLength: 40 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        back: fc.integer({ min: 1, max: 12 }),
        grow: fc.array(blockMovements, { minLength: 1, maxLength: 14 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ wants: fc.subarray([...ACCOUNTS]) }) },
    { weight: 2, arbitrary: fc.record({ fails: fc.constantFrom('transfers', 'transfersOf', 'headers') }) },
    { weight: 1, arbitrary: fc.record({ restarts: fc.constant(true) }) },
  )
  const story = fc.record({
    events: fc.array(event, { minLength: 4, maxLength: 16 }),
    steps: fc.infiniteStream(fc.nat(4)),
  })
  await fc.assert(
    fc.asyncProperty(story, async ({ events, steps }) => {
      const chain = new MockChain().add('0', undefined).show('0')
      let [branch, head, final] = ['0', 0, 0]
      const clock = { at: 0 }
      const wants: Wants = { accounts: [] }
      const options = { now: () => (clock.at += 100), wanted: async () => wants.accounts }
      let rig = await makeRig(chain, of(), options)
      const grow = (blocks: readonly (readonly Movement[])[], letter: string): void => {
        for (const movements of blocks) {
          chain.add(`${++head}${letter}`, branch, movements)
          branch = `${head}${letter}`
        }
      }
      for (const [index, one] of events.entries()) {
        const letter = String.fromCharCode(97 + index)
        if ('wants' in one) wants.accounts = one.wants
        if ('restarts' in one) rig = await makeRig(chain, of(), { ...options, place: await rig.stop() })
        if ('back' in one) {
          head = Math.max(final, head - one.back)
          branch = chain.canonical()[head]?.hash === undefined ? '0' : nameAt(chain, head)
        }
        if ('grow' in one) grow(one.grow, letter)
        final = Math.max(final, head - 20)
        chain.show(branch, final)
        const { value: count = 0 } = steps.next()
        let fails = 'fails' in one ? 2 : 0
        chain.fault = (call) => {
          if ('fails' in one && call === one.fails && fails-- > 0) throw new ServiceError('NODE_TIMEOUT', 'slow')
        }
        for (let step = 0; step < count; step++) await rig.indexer.step(SIGNAL).catch(ignoreNode)
        chain.fault = () => undefined
      }
      clock.at += 100_000
      await rig.settle()
      expect(followed(rig)).toEqual([...wants.accounts].sort())
      expect(await rig.dump()).toEqual(await undisturbed(chain, of(...wants.accounts)))
      await rig.close()
    }),
    { numRuns: 40 },
  )
}, 180_000)

function ignoreNode(error: unknown): void {
  if (!(error instanceof ServiceError) || !error.code.startsWith('NODE_')) throw error
}

/** The name of the block at a number of the shown branch. */
function nameAt(chain: MockChain, number: number): string {
  const hex =
    chain
      .canonical()
      [number]?.hash.slice(2)
      .replace(/^(00)+/, '') ?? ''
  return Buffer.from(hex, 'hex').toString()
}
