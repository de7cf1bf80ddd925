import { isRecord } from '../core/is-record.ts'
import { type FaultRules, faultOf, outcomeOf, type RpcCall, type RpcFault, type RpcOutcome } from './json-rpc.ts'

/** A batch as it was sent: the calls' ids count up from `firstId`. */
export type SentBatch = { readonly calls: readonly RpcCall[]; readonly firstId: number; readonly rules: FaultRules }

/**
 * A decoded batch answer. `outcomes`: in the order of the calls; undefined: that call has no answer. `batchError`: an
 * error about the whole batch. `isGarbled`: one call has two answers.
 */
export type BatchAnswer = {
  readonly outcomes: readonly (RpcOutcome | undefined)[]
  readonly batchError: RpcFault | undefined
  readonly isGarbled: boolean
}

/**
 * Reads the answer to a batch. It may be complete, lack entries, or be one error: an object, or an array of one with
 * the id of the first call (geth's form) or with no id.
 */
export function readBatchAnswer(answer: unknown, sent: SentBatch): BatchAnswer {
  const { calls, firstId, rules } = sent
  const entries: readonly unknown[] = Array.isArray(answer) ? answer : [answer]
  const byIndex = new Array<unknown>(calls.length)
  const strays: unknown[] = []
  let isGarbled = false
  for (const entry of entries) {
    const id = idOf(entry)
    const index = id === undefined ? -1 : id - firstId
    if (index < 0 || index >= calls.length) strays.push(entry)
    else if (byIndex[index] !== undefined) isGarbled = true
    else byIndex[index] = entry
  }
  const outcomes = calls.map((call, index) => outcomeOf(byIndex[index], call, rules))
  if (!outcomes.includes(undefined)) return { outcomes, batchError: undefined, isGarbled }
  // If no call has a result, an error next to unanswered calls is about the batch, whatever its id.
  const hasResults = outcomes.some((outcome) => outcome?.ok === true)
  const speakers = hasResults ? strays : entries
  const batchError = speakers.map((entry) => (isRecord(entry) ? faultOf(entry) : undefined)).find((fault) => fault)
  return { outcomes: hasResults ? outcomes : calls.map(() => undefined), batchError, isGarbled }
}

/** The id of an answer; some servers send a number as text. */
export function idOf(answer: unknown): number | undefined {
  const id = isRecord(answer) ? answer.id : undefined
  if (typeof id === 'string' && /^\d{1,15}$/.test(id)) return Number(id)
  return typeof id === 'number' ? id : undefined
}
