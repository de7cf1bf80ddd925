import type { BlockRef } from '../../../core/block.ts'
import { isServiceError, ServiceError } from '../../../core/errors.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { type BlockId, blockCall, blockParameter } from '../heads/headers.ts'
import { hasRpcCode, missingFunctionOf } from '../words/faults.ts'
import { minimalFelt, parseFelt } from '../words/felt.ts'
import { FUNCTIONS, type FunctionName } from '../words/selectors.ts'

/** Most felts of an answer that are read: a name of a few thousand bytes. A longer answer is none. */
const MAX_FELTS = 128

/** A call of a contract's function. `contract` is canonical; `calldata` are minimal felts. */
export type StateCall = {
  readonly contract: string
  readonly name: FunctionName
  readonly calldata: readonly string[]
}

/**
 * The outcome of a call. `not_deployed`: there is no contract at this block. `no_function`: the contract lacks the
 * function. `no_inner_function`: it may be a contract that it calls that lacks it. `reverted`: it failed, or answered something that is no list of felts. `node`: the node did not answer.
 */
export type CallOutcome =
  | { readonly ok: true; readonly felts: readonly bigint[] }
  | { readonly ok: false; readonly failure: 'not_deployed' | 'no_function' | 'no_inner_function' | 'reverted' | 'node' }

/**
 * A function in both spellings; early contracts have the second. A contract has one of them, seldom both. Equal if the
 * function has one spelling.
 */
export type Spelling = readonly [FunctionName, FunctionName]

/** Most contracts to remember: about 5 MB. Beyond this all are forgotten, which costs one more call each. */
const MAX_REMEMBERED = 50_000

/** Remembers which contracts answer to the early spelling of a function, so that it is tried first. */
export class Spellings {
  readonly #early = new Set<string>()

  /** The two names in the order to try. */
  order(contract: string, [usual, early]: Spelling): Spelling {
    return this.#early.has(`${contract} ${early}`) ? [early, usual] : [usual, early]
  }

  note(contract: string, [usual, early]: Spelling, answered: FunctionName): void {
    if (usual === early) return
    const key = `${contract} ${early}`
    if (answered !== early) this.#early.delete(key)
    else {
      if (this.#early.size >= MAX_REMEMBERED) this.#early.clear()
      this.#early.add(key)
    }
  }
}

/** Makes many calls at one block; outcomes in order. */
export type CallAll = (calls: readonly StateCall[]) => Promise<readonly CallOutcome[]>

/**
 * Makes many calls at one block in few requests; outcomes in order. One bad contract never spoils the rest. Equal calls
 * are sent once.
 * @throws NODE_BEHIND the node lacks the block; NODE_NO_STATE it has the block, but no longer its state; NODE_*
 */
export async function callAll(
  session: RpcSession,
  calls: readonly StateCall[],
  { block, pin }: { readonly block: BlockRef; readonly pin: BlockId },
): Promise<readonly CallOutcome[]> {
  const unique = new Map(calls.map((call) => [keyOf(call), call]))
  const asked = [...unique.values()]
  if (asked.length === 0) return []
  const outcomes = await session.batch(asked.map((call) => rpcCallOf(call, pin)))
  const lost = outcomes.find((outcome) => !outcome.ok && outcome.error.code === 'NODE_BEHIND')
  if (lost !== undefined && !lost.ok) throw await explainLostBlock(session, block, lost.error)
  const byKey = new Map([...unique.keys()].map((key, index) => [key, outcomeOf(outcomes[index])]))
  return calls.map((call) => byKey.get(keyOf(call)) ?? { ok: false, failure: 'node' })
}

function keyOf({ contract, name, calldata }: StateCall): string {
  return `${contract} ${name} ${calldata.join(' ')}`
}

function rpcCallOf({ contract, name, calldata }: StateCall, pin: BlockId): RpcCall {
  const request = {
    contract_address: minimalFelt(contract) ?? contract,
    entry_point_selector: FUNCTIONS[name],
    calldata,
  }
  return { method: 'starknet_call', params: [request, blockParameter(pin)] }
}

/** Nodes use one code for an unknown block and for one whose state they dropped: the header tells them apart. */
async function explainLostBlock(session: RpcSession, block: BlockRef, error: ServiceError): Promise<unknown> {
  try {
    await session.call(blockCall({ hash: block.hash }))
  } catch (failure) {
    return isServiceError(failure, 'NODE_BEHIND') ? error : failure
  }
  return new ServiceError('NODE_NO_STATE', error.message, {
    cause: error,
    fields: { ...error.fields, block: block.number },
  })
}

function outcomeOf(outcome: RpcOutcome | undefined): CallOutcome {
  if (outcome === undefined) return { ok: false, failure: 'node' }
  if (outcome.ok) {
    const felts = feltsOf(outcome.result)
    return felts === undefined ? { ok: false, failure: 'reverted' } : { ok: true, felts }
  }
  const { error } = outcome
  if (error.code !== 'CALL_REVERTED') {
    // An answer over the size limit is the contract's own doing.
    return { ok: false, failure: error.code === 'NODE_TOO_LARGE' ? 'reverted' : 'node' }
  }
  if (hasRpcCode(error, 'contractNotFound')) return { ok: false, failure: 'not_deployed' }
  const missing = missingFunctionOf(error)
  if (missing === undefined) return { ok: false, failure: 'reverted' }
  return { ok: false, failure: missing === 'own' ? 'no_function' : 'no_inner_function' }
}

function feltsOf(result: unknown): readonly bigint[] | undefined {
  if (!Array.isArray(result) || result.length > MAX_FELTS) return undefined
  const felts: bigint[] = []
  for (const value of result) {
    const felt = parseFelt(value)
    if (felt === undefined) return undefined
    felts.push(felt)
  }
  return felts
}

/** A call of a function in either spelling. */
export type SpelledCall = {
  readonly contract: string
  readonly spelling: Spelling
  readonly calldata: readonly string[]
}

/**
 * Makes calls of functions that have two spellings. The second one is tried only if the contract lacks the first.
 * @throws as `callAll` does
 */
export async function callSpelled(
  calls: readonly SpelledCall[],
  { call, spellings }: { readonly call: CallAll; readonly spellings: Spellings },
): Promise<readonly CallOutcome[]> {
  const orders = calls.map(({ contract, spelling }) => spellings.order(contract, spelling))
  const callOf = (index: number, turn: 0 | 1): StateCall[] => {
    const [one, order] = [calls[index], orders[index]]
    return one === undefined || order === undefined ? [] : [{ ...one, name: order[turn] }]
  }
  const outcomes = [...(await call([...calls.keys()].flatMap((index) => callOf(index, 0))))]
  const left = [...outcomes.keys()].filter((index) => {
    const [first, other] = orders[index] ?? []
    return first !== other && isMissing(outcomes[index])
  })
  const second = await call(left.flatMap((index) => callOf(index, 1)))
  for (const [at, index] of left.entries()) outcomes[index] = second[at] ?? { ok: false, failure: 'node' }
  const tried = new Set(left)
  for (const [index, outcome] of outcomes.entries()) {
    const [one, order] = [calls[index], orders[index]]
    if (!outcome.ok || one === undefined || order === undefined) continue
    spellings.note(one.contract, one.spelling, order[tried.has(index) ? 1 : 0])
  }
  return outcomes
}

function isMissing(outcome: CallOutcome | undefined): boolean {
  return outcome?.ok === false && (outcome.failure === 'no_function' || outcome.failure === 'no_inner_function')
}
