import { isHex } from 'viem/utils'
import { assert } from '../../../core/assert.ts'
import type { BlockRef } from '../../../core/block.ts'
import { isServiceError } from '../../../core/errors.ts'
import { isRecord } from '../../../core/is-record.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { Proof, Question } from '../../adapter.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { isAboutCall, isCostly } from '../words/faults.ts'
import { parseHash, quantity } from '../words/hex.ts'
import { type PlainCall, type Plan, planOf } from './proof-plan.ts'

/**
 * Costly answers in a row (all gas, time or room used) after which a contract is not asked again: each one costs
 * seconds.
 */
const MAX_COSTLY = 5

const NO_ANSWER: Proof = { ok: false, reason: 'token_does_not_answer' }

/** Asks a node one call per question, and remembers what the node and the contracts cannot do. */
export class PlainCalls {
  /** Nodes (by label) that do not take a block hash as a block parameter (EIP-1898). */
  readonly #byNumber = new Set<string>()
  readonly #costly = new Map<string, number>()

  /**
   * Returns the chain's answer to each question, in order.
   * @throws NODE_BEHIND, NODE_NO_STATE, if it applies to all questions; NODE_*
   */
  async ask(session: RpcSession, questions: readonly Question[]): Promise<readonly Proof[]> {
    if (this.#byNumber.has(session.label)) return this.#askByNumber(session, questions)
    try {
      return await this.#ask(session, questions, byHash)
    } catch (error) {
      if (!isServiceError(error) || error.code !== 'NODE_BLOCK_PARAMETER') throw error
      this.#byNumber.add(session.label)
      return this.#askByNumber(session, questions)
    }
  }

  /** Asks by number, then checks that the numbers still refer to the same blocks. */
  async #askByNumber(session: RpcSession, questions: readonly Question[]): Promise<readonly Proof[]> {
    const proofs = await this.#ask(session, questions, byNumber)
    const numbers = [...new Set(questions.map(({ block }) => block.number))]
    const calls = numbers.map((number) => ({ method: 'eth_getBlockByNumber', params: [quantity(number), false] }))
    const outcomes = await session.batch(calls)
    const hashes = new Map(numbers.map((number, index) => [number, hashOf(outcomes[index])]))
    return questions.map(({ block }, index) => {
      if (hashes.get(block.number) !== block.hash) return { ok: false, reason: 'block_replaced' }
      return proofs[index] ?? NO_ANSWER
    })
  }

  async #ask(session: RpcSession, questions: readonly Question[], at: AtBlock): Promise<readonly Proof[]> {
    const plans = questions.map((question) => this.#planOf(question))
    const calls = plans.map((plan, index) => (plan === undefined ? [] : callsOf(plan, at(questions[index]))))
    const outcomes = await session.batch(calls.flat())
    throwIfForAll(outcomes)
    const left = [...outcomes]
    const answers = calls.map((own) => left.splice(0, own.length))
    const proofs = plans.map((plan, index) => this.#proofOf(plan, questions[index], answers[index] ?? []))
    return this.#checkLiveness(session, proofs, { plans, questions, answers, at })
  }

  #planOf(question: Question): Plan | undefined {
    const plan = planOf(question)
    return plan !== undefined && (this.#costly.get(plan.contract) ?? 0) >= MAX_COSTLY ? undefined : plan
  }

  #proofOf(plan: Plan | undefined, question: Question | undefined, answers: readonly RpcOutcome[]): Proof {
    if (plan === undefined) return question === undefined || planOf(question) === undefined ? NOT_SUPPORTED : NO_ANSWER
    const [main, less] = answers
    assert(main !== undefined, 'each plan has an answer')
    this.#noteCost(plan, main)
    const failure = failureProof(main)
    if (failure !== undefined) return failure
    const amount = amountOf(plan.main, main)
    if (amount === undefined) return NO_ANSWER
    const atZero = plan.zeroAddress === undefined || less === undefined ? 0n : (amountOf(plan.zeroAddress, less) ?? 0n)
    return atZero === 0n ? { ok: true, amount } : { ok: true, amount, otherwise: amount - atZero }
  }

  /**
   * ERC-721 reverts for an item without an owner. A contract that reverts at everything proves nothing, so a second
   * call checks that it works at all.
   */
  async #checkLiveness(session: RpcSession, proofs: readonly Proof[], asked: AskedPlans): Promise<readonly Proof[]> {
    const { plans, questions, answers, at } = asked
    const reverting = [...plans.keys()].filter((index) => {
      const outcome = answers[index]?.[0]
      const reverted = outcome?.ok === false && outcome.error.code === 'CALL_REVERTED'
      return reverted && plans[index]?.liveness !== undefined
    })
    if (reverting.length === 0) return proofs
    const calls = reverting.flatMap((index) => {
      const liveness = plans[index]?.liveness
      return liveness === undefined ? [] : [callOf(liveness, at(questions[index]))]
    })
    const outcomes = await session.batch(calls)
    const results = [...proofs]
    for (const [at, index] of reverting.entries()) {
      const outcome = outcomes[at]
      const alive = plans[index]?.liveness
      if (outcome === undefined || alive === undefined) continue
      results[index] = failureProof(outcome) ?? (amountOf(alive, outcome) === undefined ? NO_ANSWER : NOT_HELD)
    }
    return results
  }

  #noteCost({ contract }: Plan, outcome: RpcOutcome): void {
    if (outcome.ok) this.#costly.delete(contract)
    else if (isCostly(outcome.error)) this.#costly.set(contract, (this.#costly.get(contract) ?? 0) + 1)
  }
}

const NOT_SUPPORTED: Proof = { ok: false, reason: 'not_supported' }
const NOT_HELD: Proof = { ok: true, amount: 0n }

type AtBlock = (question: Question | undefined) => unknown
type AskedPlans = {
  readonly plans: readonly (Plan | undefined)[]
  readonly questions: readonly Question[]
  readonly answers: readonly (readonly RpcOutcome[])[]
  readonly at: AtBlock
}

const byHash: AtBlock = (question) => ({ blockHash: blockOf(question).hash, requireCanonical: true })
const byNumber: AtBlock = (question) => quantity(blockOf(question).number)

function blockOf(question: Question | undefined): BlockRef {
  assert(question !== undefined, 'each plan has a question')
  return question.block
}

function callsOf({ main, zeroAddress: atZero }: Plan, block: unknown): readonly RpcCall[] {
  return atZero === undefined ? [callOf(main, block)] : [callOf(main, block), callOf(atZero, block)]
}

function callOf({ method, subject }: PlainCall, block: unknown): RpcCall {
  return { method, params: [subject, block] }
}

function amountOf({ read }: PlainCall, outcome: RpcOutcome): bigint | undefined {
  return outcome.ok && isHex(outcome.result) ? read(outcome.result) : undefined
}

/**
 * Returns the proof for a failure that is not the contract's: the node lacks the state or the block, or failed
 * otherwise. Undefined for any other outcome.
 */
function failureProof(outcome: RpcOutcome): Proof | undefined {
  if (outcome.ok) return undefined
  if (outcome.error.code === 'NODE_BEHIND') return { ok: false, reason: 'block_replaced' }
  if (outcome.error.code === 'NODE_NO_STATE') return { ok: false, reason: 'no_archive' }
  return isAboutCall(outcome.error) ? undefined : { ok: false, reason: 'node_unavailable' }
}

/** Throws if the node can answer no question: another node may, or the same node later. */
function throwIfForAll(outcomes: readonly RpcOutcome[]): void {
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]))
  const parameter = errors.find((error) => error.code === 'NODE_BLOCK_PARAMETER')
  if (parameter !== undefined) throw parameter
  const [first] = errors
  if (first === undefined || errors.length < outcomes.length) return
  const lacks = errors.every((error) => error.code === 'NODE_BEHIND' || error.code === 'NODE_NO_STATE')
  if (lacks) throw first
}

function hashOf(outcome: RpcOutcome | undefined): string | undefined {
  return outcome?.ok === true && isRecord(outcome.result) ? parseHash(outcome.result.hash) : undefined
}
