import type { BlockRef } from '../../../core/block.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import { type ChainProver, noCounts, type Proof, type ProverOptions, type Question } from '../../adapter.ts'
import { createGroupProver } from '../../nodes/group-prover.ts'
import { createRpc } from '../../nodes/rpc.ts'
import { RPC_LIMITS, type RpcLimits } from '../../nodes/rpc-limits.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { confirmNode, type SpecVersions } from '../heads/confirm-node.ts'
import { HEAD_CALLS } from '../heads/headers.ts'
import { classifyStarknetFault, hasRpcCode, missingFunctionOf } from '../words/faults.ts'
import { callsFor, numberOf, type QuestionCalls } from './question-calls.ts'

/**
 * Creates a prover that makes one plain call per question, at the question's own block. It shares HTTP, retries,
 * fail-over and the classes of faults with the adapter, but neither the encoding of calls nor the decoding of answers.
 */
export function createStarknetProver(options: ProverOptions, limits: Partial<RpcLimits> = {}): ChainProver {
  const { chain, rpc: urls, warn, timeoutMs = RPC_LIMITS.timeoutMs } = options
  const versions: SpecVersions = new Map()
  const checkNode = (session: RpcSession): Promise<void> => confirmNode(session, { chain, versions, warn })
  const rpc = createRpc({
    urls,
    classify: classifyStarknetFault,
    checkNode,
    warn,
    counts: noCounts(),
    limits: { timeoutMs, ...limits },
  })
  return createGroupProver(rpc, { prove: proveAll, blockAt: readBlock })
}

async function readBlock(session: RpcSession, number: number): Promise<BlockRef> {
  const { hash } = await HEAD_CALLS.at(session, number)
  return { number, hash }
}

/**
 * Answers a group of questions by plain calls.
 * @throws NODE_BEHIND, NODE_NO_STATE if it applies to all of them, since another node may answer; NODE_*
 */
async function proveAll(session: RpcSession, questions: readonly Question[]): Promise<Proof[]> {
  const calls = questions.map(callsFor)
  const mains = await askSpelled(
    session,
    calls.map((one) => one?.main),
  )
  const reverted = (index: number): boolean => isRevert(mains[index])
  const others = await askSpelled(
    session,
    calls.map((one, index) => (reverted(index) ? one?.liveness : one?.zeroAddress)),
  )
  const replaced = await findReplaced(session, questions, [...mains, ...others])
  if (questions.every((_, index) => isLost(mains[index]))) {
    if (questions.every(({ block }) => replaced.has(block.hash))) throw lostBy('NODE_BEHIND', session)
    if (replaced.size === 0) throw lostBy('NODE_NO_STATE', session)
  }
  return questions.map((question, index): Proof => {
    const one = calls[index]
    if (one === undefined) return { ok: false, reason: 'not_supported' }
    if (replaced.has(question.block.hash)) return { ok: false, reason: 'block_replaced' }
    return proofOf(one, { question, main: mains[index], other: others[index] })
  })
}

type Answers = {
  readonly question: Question
  readonly main: RpcOutcome | undefined
  /** Of the call that shows liveness, or of the zero address's share. */
  readonly other: RpcOutcome | undefined
}

function proofOf({ meaning, liveness }: QuestionCalls, { question, main, other }: Answers): Proof {
  const [answer, second] = [numberIn(main), numberIn(other)]
  if (answer === undefined) {
    // ERC-721 reverts for an item without an owner. A contract that reverts at everything proves nothing.
    const isUnowned = liveness !== undefined && isRevert(main) && second !== undefined
    return isUnowned ? { ok: true, amount: 0n } : failureOf(main)
  }
  if (meaning === 'owner') {
    const holder = question.what === 'balance' ? BigInt(question.key.account) : undefined
    return { ok: true, amount: answer === holder ? 1n : 0n }
  }
  return second === undefined || second === 0n
    ? { ok: true, amount: answer }
    : { ok: true, amount: answer, otherwise: answer - second }
}

function numberIn(outcome: RpcOutcome | undefined): bigint | undefined {
  return outcome?.ok === true ? numberOf(outcome.result) : undefined
}

function isRevert(outcome: RpcOutcome | undefined): boolean {
  return (
    outcome?.ok === false && outcome.error.code === 'CALL_REVERTED' && !hasRpcCode(outcome.error, 'contractNotFound')
  )
}

function failureOf(outcome: RpcOutcome | undefined): Proof {
  if (outcome === undefined) return { ok: false, reason: 'node_unavailable' }
  if (outcome.ok || outcome.error.code === 'NODE_TOO_LARGE') return { ok: false, reason: 'token_does_not_answer' }
  if (outcome.error.code === 'NODE_BEHIND') return { ok: false, reason: 'no_archive' }
  if (hasRpcCode(outcome.error, 'contractNotFound')) return { ok: false, reason: 'not_a_token' }
  return { ok: false, reason: isRevert(outcome) ? 'token_does_not_answer' : 'node_unavailable' }
}

/** Makes one call of each list: its first, and the next one only if the contract has no function of that name. */
async function askSpelled(
  session: RpcSession,
  lists: readonly (readonly RpcCall[] | undefined)[],
): Promise<readonly (RpcOutcome | undefined)[]> {
  const outcomes: (RpcOutcome | undefined)[] = lists.map(() => undefined)
  for (let turn = 0; ; turn++) {
    const open = [...lists.keys()].filter((index) => {
      const before = outcomes[index]
      return lists[index]?.[turn] !== undefined && (turn === 0 || lacksFunction(before))
    })
    if (open.length === 0) return outcomes
    const answers = await session.batch(open.flatMap((index) => lists[index]?.[turn] ?? []))
    for (const [at, index] of open.entries()) outcomes[index] = answers[at]
  }
}

function isLost(outcome: RpcOutcome | undefined): boolean {
  return outcome?.ok === false && outcome.error.code === 'NODE_BEHIND'
}

function lostBy(code: 'NODE_BEHIND' | 'NODE_NO_STATE', { label }: RpcSession): ServiceError {
  return new ServiceError(code, `${label} has no state of the blocks in question`)
}

function lacksFunction(outcome: RpcOutcome | undefined): boolean {
  return outcome?.ok === false && missingFunctionOf(outcome.error) !== undefined
}

/**
 * Nodes use one code for an unknown block and for one whose state they dropped. Returns the hashes of the blocks that the
 * node lacks.
 */
async function findReplaced(
  session: RpcSession,
  questions: readonly Question[],
  outcomes: readonly (RpcOutcome | undefined)[],
): Promise<ReadonlySet<string>> {
  const hashes = new Set(
    questions.flatMap(({ block }, index) =>
      isLost(outcomes[index]) || isLost(outcomes[questions.length + index]) ? [block.hash] : [],
    ),
  )
  const asked = [...hashes]
  if (asked.length === 0) return hashes
  const answers = await session.batch(
    asked.map((hash) => ({ method: 'starknet_getBlockTransactionCount', params: [{ block_hash: hash }] })),
  )
  return new Set(asked.filter((_, index) => isLost(answers[index])))
}
