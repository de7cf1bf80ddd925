/** The sampler of `serve`, round by round, on a real store. */
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ChainProver, Proof, Question } from '../../src/chains/adapter.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { Difference } from '../../src/verify/comparison.ts'
import { refuteDifference } from '../../src/verify/refute-difference.ts'
import { VerifySampler } from '../../src/verify/sampler.ts'
import { MockChain } from '../chains/mock-chain.ts'
import { makeRig, type Rig } from '../indexer/harness.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'

const [coin] = ASSETS
const SIGNAL = new AbortController().signal
const HELD = 7n

let rig: Rig
beforeEach(async () => {
  const movements = ACCOUNTS.map((to): Movement => ({ asset: coin, from: undefined, to, amount: HELD, item: 0 }))
  rig = await makeRig(new MockChain().add('0', undefined).add('1', '0', movements).show('1'))
})
afterEach(() => rig.close())

/** Gives the same answer to every question. */
class OneAnswer implements ChainProver {
  proof: Proof = { ok: true, amount: HELD }
  asked = 0

  async blockAt(): Promise<undefined> {
    return undefined
  }

  async prove(questions: readonly Question[]): Promise<readonly Proof[]> {
    this.asked += questions.length
    return questions.map(() => this.proof)
  }
}

function samplerOf(prover: ChainProver): { sampler: VerifySampler; told: Difference[]; failures: unknown[] } {
  const told: Difference[] = []
  const failures: unknown[] = []
  const sampler = new VerifySampler({
    reads: rig.reads,
    prover,
    random: () => 0.5,
    onDifference: async (difference, isFirst) => void (isFirst && told.push(difference)),
    onFailure: (error) => failures.push(error),
  })
  return { sampler, told, failures }
}

const counts = (checked: number, different: number, skipped = 0) => ({
  verify_checked: checked,
  verify_equal: checked - different,
  verify_different: different,
  verify_skipped: skipped,
  verify_failed: 0,
})

test('it asks nothing before the chain has caught up, then counts round by round', async () => {
  const prover = new OneAnswer()
  const { sampler } = samplerOf(prover)
  await sampler.round(SIGNAL)
  expect([prover.asked, sampler.counts()]).toEqual([0, counts(0, 0)])
  await rig.settle()
  await sampler.round(SIGNAL)
  expect(sampler.counts()).toEqual(counts(ACCOUNTS.length, 0))
  await sampler.round(SIGNAL)
  expect(sampler.counts()).toEqual(counts(2 * ACCOUNTS.length, 0))
})

test('a difference is reported once for each asset, and counted each time', async () => {
  await rig.settle()
  const prover = new OneAnswer()
  prover.proof = { ok: true, amount: 8n }
  const { sampler, told } = samplerOf(prover)
  await sampler.round(SIGNAL)
  await sampler.round(SIGNAL)
  expect(told).toMatchObject([{ account: ACCOUNTS[0], asset: coin, stored: HELD, chainAmount: 8n }])
  expect(sampler.counts()).toEqual(counts(2 * ACCOUNTS.length, 2 * ACCOUNTS.length))
})

test('an unavailable amount is skipped; an amount of a replaced block is not counted at all', async () => {
  await rig.settle()
  const prover = new OneAnswer()
  const { sampler, told } = samplerOf(prover)
  prover.proof = { ok: false, reason: 'no_archive' }
  await sampler.round(SIGNAL)
  expect(sampler.counts()).toEqual(counts(0, 0, ACCOUNTS.length))
  prover.proof = { ok: false, reason: 'block_replaced' }
  await sampler.round(SIGNAL)
  expect([sampler.counts(), told]).toEqual([counts(0, 0, ACCOUNTS.length), []])
})

test('observations are sampled too', async () => {
  await rig.settle()
  const block = (await rig.reads.clock()).published
  if (block === undefined) throw new TypeError('published')
  const account = `0xf${'0'.repeat(39)}`
  await rig.reads.observations.put([{ account, asset: coin, item: '', amount: 1n, block, observedAt: 1 }])
  const { sampler, told } = samplerOf(new OneAnswer())
  await sampler.round(SIGNAL)
  expect(told).toMatchObject([{ subject: 'observation', account, stored: 1n, chainAmount: HELD }])
})

test('failed rounds are reported once, and rounds continue until the signal fires', async () => {
  await rig.settle()
  const prover = new OneAnswer()
  const stopping = new AbortController()
  let rounds = 0
  prover.prove = async () => {
    if (++rounds === 3) stopping.abort()
    throw new ServiceError('NODE_UNREACHABLE', 'gone')
  }
  const { sampler, failures } = samplerOf(prover)
  await sampler.run(1, stopping.signal)
  expect(rounds).toBe(3)
  expect(failures).toMatchObject([{ code: 'NODE_UNREACHABLE' }])
})

test('a difference stops the wrong answer: a balance is in doubt at once, and an observation is dropped', async () => {
  await rig.settle()
  const key = { account: ACCOUNTS[1] ?? '', asset: coin, item: '' }
  const other = { ...key, account: ACCOUNTS[2] ?? '' }
  const head = (await rig.reads.clock()).published
  if (head === undefined) throw new TypeError('a block is published')
  const block = { number: head.number, hash: head.hash }
  await rig.reads.observations.put([{ ...key, amount: 99n, block, observedAt: 1 }])
  const parts = { observations: rig.reads.observations, audit: rig.auditor }
  const difference = { ...other, block, stored: HELD, chainAmount: 1n, accounting: 'events' } as const
  await refuteDifference(parts, { ...difference, subject: 'balance' })
  await refuteDifference(parts, { ...difference, ...key, subject: 'observation', stored: 99n, accounting: 'reads' })
  await nextTick()
  const { rows } = await rig.reads.balances([key, other])
  expect(rows.map((row) => row?.inDoubt)).toEqual([false, true])
  expect(await rig.reads.observations.get([key])).toEqual([undefined])
  expect(rig.auditor.isDue).toBe(true)
})
