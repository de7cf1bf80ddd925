import { isServiceError, ServiceError } from '../core/errors.ts'
import { isRecord } from '../core/is-record.ts'
import { secretsOf } from '../core/url.ts'
import { createEndpoint } from './http.ts'
import { classifyFault, faultOf, parseAnswer, type RpcCall, type RpcFault, type RpcOutcome } from './json-rpc.ts'
import type { Node, NodeOptions } from './node.ts'

/** Concurrent calls to a node: hides the round trip without looking like an attack. */
const CALLS_IN_FLIGHT = 8

const NOT_FOUND = 404

/**
 * Creates a client for a node with one HTTP route per call: `POST <url>/<method>` with the call's named parameters,
 * and answers such as `{"success": true, …}`. A failure has status 200, `success` false, `error`, and at newer nodes
 * `structuredError` with a code. `parse` parses JSON, and throws if it is none.
 */
export function createRouteNode(options: NodeOptions, parse: (text: string) => unknown): Node {
  const { url, limits, tls, classify, onRequest } = options
  const endpoint = createEndpoint(url, limits, tls)
  const { label } = endpoint
  const rules = { classify, secrets: secretsOf(url) }
  const ask = async (call: RpcCall, signal: AbortSignal): Promise<RpcOutcome> => {
    onRequest()
    const answer = await endpoint.postBelow(`/${call.method}`, JSON.stringify(call.params), signal)
    if (answer.status === NOT_FOUND) {
      return { ok: false, error: new ServiceError('NODE_NO_METHOD', `${label} has no ${call.method}`) }
    }
    const value = parseAnswer(answer, label, (body) => tryParse(body.toString('utf8'), parse))
    if (!isRecord(value) || typeof value.success !== 'boolean') throw garbage(label)
    return value.success
      ? { ok: true, result: value }
      : { ok: false, error: classifyFault(faultIn(value), call, rules) }
  }
  return {
    label,
    batch: async (calls, signal) => {
      const outcomes: RpcOutcome[] = []
      const open = [...calls.entries()].values()
      // Once a call has failed, the others are of no use.
      const failed = new AbortController()
      const bounded = AbortSignal.any([signal, failed.signal])
      const worker = async (): Promise<void> => {
        for (const [index, call] of open) {
          if (failed.signal.aborted) return
          outcomes[index] = await ask(call, bounded).catch(tooLargeOutcome)
        }
      }
      const workers = Array.from({ length: Math.min(CALLS_IN_FLIGHT, calls.length) }, worker)
      try {
        await Promise.all(workers)
      } catch (error) {
        failed.abort()
        throw error
      } finally {
        await Promise.allSettled(workers)
      }
      return outcomes
    },
  }
}

/** An answer that is too large concerns its own call alone. */
function tooLargeOutcome(error: unknown): RpcOutcome {
  if (isServiceError(error, 'NODE_TOO_LARGE')) return { ok: false, error }
  throw error
}

function faultIn(answer: Readonly<Record<string, unknown>>): RpcFault {
  const fault = faultOf(answer) ?? { code: undefined, message: 'a failure without words', data: '' }
  const { structuredError } = answer
  const code = isRecord(structuredError) ? structuredError.code : undefined
  return typeof code === 'string' ? { ...fault, data: code } : fault
}

function tryParse(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

function garbage(label: string): ServiceError {
  return new ServiceError('NODE_GARBAGE', `${label} answered neither success nor a failure`, {
    fields: { node: label },
  })
}
