import type { BlockRef } from '../../../core/block.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { CoolDowns } from '../../nodes/cool-downs.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { isCostly } from '../words/faults.ts'
import { garbage, numberWord, parseAmount, quantity } from '../words/hex.ts'
import { type ContractCall, decodeAggregate3, encodeAggregate3, MULTICALL3 } from './multicall.ts'

/** One read of state: a call of a contract, or (`native`) an account's native balance, as a 32-byte word. */
export type StateRead = ContractCall & { readonly native?: string }

/**
 * The outcome of a read. `data`: hex with `0x`, of any length. `unsent`: it failed lately and is not sent again yet.
 */
export type ReadOutcome =
  | { readonly ok: true; readonly data: string }
  | { readonly ok: false; readonly failure: 'reverted' | 'costly' | 'unsent' | 'node' }

/** A block to read at: by hash (EIP-1898), or by number for nodes without it. */
export type BlockPin = { readonly block: BlockRef; readonly byHash: boolean }

/** How reads are packed into multicalls. */
export type MulticallOptions = {
  readonly pin: BlockPin
  /** True: Multicall3 exists at that block. */
  readonly multicall: boolean
  readonly coolDowns: CoolDowns
  /** Reads in one multicall. */
  readonly perCall: number
}

/** `getEthBalance(address)` of Multicall3. */
const GET_ETH_BALANCE = '0x4d2301cc'
/** How many failed reads of one contract function are sent one by one, to learn how they fail. */
const ASKED_ONE_BY_ONE = 8
/** A longer answer (512 kB of data) is no balance and hardly a name: it counts as costly. */
const COSTLY_CHARACTERS = 1024 * 1024

/**
 * Returns a call's block parameter: by hash if the node supports EIP-1898, so that a reorg cannot change the block;
 * otherwise by number.
 */
export function blockParameter({ block, byHash }: BlockPin): unknown {
  return byHash ? { blockHash: block.hash, requireCanonical: true } : quantity(block.number)
}

/** Creates the read of an account's native balance. `word` is the account as a 32-byte word. */
export function nativeRead(account: string, word: string): StateRead {
  return { target: MULTICALL3, data: GET_ETH_BALANCE + word, native: account }
}

/**
 * Makes many reads at one block in few requests; outcomes in order. A read that fails, burns all gas or returns
 * megabytes spoils no other: reads that a multicall did not answer are sent again apart, by contract and function.
 * @throws NODE_NO_STATE, NODE_BLOCK_PARAMETER, NODE_BEHIND, NODE_*
 */
export async function readAll(
  session: RpcSession,
  reads: readonly StateRead[],
  options: MulticallOptions,
): Promise<readonly ReadOutcome[]> {
  const outcomes = new Map<StateRead, ReadOutcome>()
  const asked: StateRead[] = []
  for (const read of reads) {
    if (options.coolDowns.isPaused(keyOf(read))) outcomes.set(read, { ok: false, failure: 'unsent' })
    else asked.push(read)
  }
  const reading: Reading = { ...options, outcomes }
  const { open, usable } = options.multicall
    ? await readByMulticall(session, asked, reading)
    : { open: asked, usable: false }
  if (open.length > 0) await (usable ? retryApart : readDirectly)(session, open, reading)
  return reads.map((read) => outcomes.get(read) ?? { ok: false, failure: 'node' })
}

type Reading = MulticallOptions & { readonly outcomes: Map<StateRead, ReadOutcome> }

/** Sends the reads in multicalls. `open`: the reads without an answer. `usable`: false if there is no Multicall3. */
async function readByMulticall(
  session: RpcSession,
  reads: readonly StateRead[],
  reading: Reading,
): Promise<{ open: StateRead[]; usable: boolean }> {
  const chunks: StateRead[][] = []
  for (let at = 0; at < reads.length; at += reading.perCall) chunks.push(reads.slice(at, at + reading.perCall))
  if (chunks.length === 0) return { open: [], usable: true }
  const answers = await session.batch(chunks.map((chunk) => multicallOf(chunk, reading.pin)))
  const usable = !answers.some((answer) => answer.ok && answer.result === '0x')
  return { open: chunks.flatMap((chunk, index) => storeMulticall(chunk, answers[index], reading)), usable }
}

function storeMulticall(chunk: readonly StateRead[], answer: RpcOutcome | undefined, reading: Reading): StateRead[] {
  if (answer !== undefined && !answer.ok) throwIfNode(answer)
  const results =
    answer?.ok === true && typeof answer.result === 'string' ? decodeAggregate3(answer.result, chunk.length) : undefined
  return chunk.filter((read, index) => {
    const result = results?.[index]
    if (result === undefined || !result.success) return true
    storeOutcome(read, { ok: true, data: result.data }, reading)
    return false
  })
}

/**
 * Sends the reads again that a multicall did not answer. A gas bomb takes the gas of the calls after it, so their
 * failure proves nothing yet. Each contract function gets its own calls: the first few reads one by one, which
 * distinguishes a revert from a costly call, and the rest in a multicall of their own.
 */
async function retryApart(session: RpcSession, targets: readonly StateRead[], reading: Reading): Promise<void> {
  const groups = groupByKey(targets)
  const rests = [...groups.values()].map((group) => group.slice(ASKED_ONE_BY_ONE)).filter((rest) => rest.length > 0)
  const single = [...groups.values()].flatMap((group) => group.slice(0, ASKED_ONE_BY_ONE))
  const calls = [
    ...single.map((read) => directCall(read, reading.pin)),
    ...rests.map((rest) => multicallOf(rest, reading.pin)),
  ]
  const answers = await session.batch(calls)
  storeDirect(single, answers, reading)
  for (const [index, rest] of rests.entries()) {
    const open = storeMulticall(rest, answers[single.length + index], reading)
    for (const read of open) {
      const first = groups.get(keyOf(read))?.[0]
      const known = first === undefined ? undefined : reading.outcomes.get(first)
      const otherwise: ReadOutcome = { ok: false, failure: read.native === undefined ? 'costly' : 'node' }
      reading.outcomes.set(read, known?.ok === false ? known : otherwise)
    }
  }
}

function groupByKey(reads: readonly StateRead[]): Map<string, StateRead[]> {
  const groups = new Map<string, StateRead[]>()
  for (const read of reads) {
    const key = keyOf(read)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [read])
    else group.push(read)
  }
  return groups
}

async function readDirectly(session: RpcSession, reads: readonly StateRead[], reading: Reading): Promise<void> {
  storeDirect(reads, await session.batch(reads.map((read) => directCall(read, reading.pin))), reading)
}

function storeDirect(
  reads: readonly StateRead[],
  answers: readonly (RpcOutcome | undefined)[],
  reading: Reading,
): void {
  // Timed-out items of a batch were already sent again, so an item that is still timed out failed alone.
  const inTime = answers.some((answer) => answer !== undefined && !ranOutOfTime(answer))
  for (const [index, read] of reads.entries()) storeOutcome(read, directOutcome(read, answers[index], inTime), reading)
}

function ranOutOfTime(answer: RpcOutcome): boolean {
  return !answer.ok && answer.error.code === 'NODE_TIMEOUT'
}

/**
 * Stores an outcome, and starts or ends the cool-down of the contract's function. A native balance is the node's own
 * answer, so it changes no cool-down.
 */
function storeOutcome(read: StateRead, outcome: ReadOutcome, { outcomes, coolDowns }: Reading): void {
  outcomes.set(read, outcome)
  if (read.native !== undefined) return
  if (outcome.ok && outcome.data.length <= COSTLY_CHARACTERS) coolDowns.answered(keyOf(read))
  else if (outcome.ok || outcome.failure === 'costly') coolDowns.failed(keyOf(read))
}

/** Returns the outcome of a single call. `inTime`: the node did answer another call of the batch. */
function directOutcome(read: StateRead, answer: RpcOutcome | undefined, inTime: boolean): ReadOutcome {
  if (answer === undefined) throw garbage('too little')
  if (!answer.ok) {
    const failure = throwIfNode(answer)
    // No contract runs for a native balance. A node that answers nothing in time is slow, whatever the call.
    const nodes = read.native !== undefined || (ranOutOfTime(answer) && !inTime)
    return { ok: false, failure: nodes ? 'node' : failure }
  }
  if (read.native === undefined) {
    if (typeof answer.result !== 'string') throw garbage('no call result')
    return { ok: true, data: answer.result }
  }
  const amount = parseAmount(answer.result)
  if (amount === undefined) throw garbage('no balance')
  return { ok: true, data: `0x${numberWord(amount)}` }
}

/** Returns how the contract failed. Throws a failure of the node or the block, since it concerns all reads. */
function throwIfNode(answer: RpcOutcome & { ok: false }): 'reverted' | 'costly' | 'node' {
  const { error } = answer
  if (['NODE_NO_STATE', 'NODE_BLOCK_PARAMETER', 'NODE_BEHIND'].includes(error.code)) throw error
  if (error.code === 'CALL_REVERTED') return 'reverted'
  return isCostly(error) ? 'costly' : 'node'
}

function multicallOf(reads: readonly StateRead[], pin: BlockPin): RpcCall {
  return { method: 'eth_call', params: [{ to: MULTICALL3, data: encodeAggregate3(reads) }, blockParameter(pin)] }
}

function directCall(read: StateRead, pin: BlockPin): RpcCall {
  if (read.native !== undefined) return { method: 'eth_getBalance', params: [read.native, blockParameter(pin)] }
  return { method: 'eth_call', params: [{ to: read.target, data: read.data }, blockParameter(pin)] }
}

/** The key of a contract's function; all native balances count as one function. */
function keyOf(read: StateRead): string {
  return `${read.target}:${read.data.slice(2, 10)}`
}
