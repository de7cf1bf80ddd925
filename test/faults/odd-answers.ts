/** Answers that are JSON-RPC, or nearly, with a form or a message that no client expects. */
import type { Answer, Arrived, Reply } from '../nodes/scripted-node.ts'

/** All odd answers. The first ones are errors, the others change results. */
export const ODD_ANSWERS = [
  'internal error',
  'unknown message',
  'balanced away',
  'one error for all',
  'null',
  'empty object',
  'times of zero',
  'times of tomorrow',
  'every third log missing',
] as const
export type OddAnswer = (typeof ODD_ANSWERS)[number]

const ERRORS: Partial<Record<OddAnswer, { readonly code: number; readonly message: string }>> = {
  'internal error': { code: -32603, message: 'Internal error' },
  'unknown message': { code: -32000, message: 'ups, the hamster is tired' },
  'balanced away': { code: -32014, message: 'no upstream is at that block yet' },
  'one error for all': { code: -32600, message: 'batch item count too large for this plan' },
}

type Item = Readonly<Record<string, unknown>>

/** Decides which answers become odd. `omitted` gets the contract of each log that is left out within a block. */
export type Oddity = {
  readonly draw: () => OddAnswer | undefined
  readonly omitted: (contract: string) => void
}

/** Makes answers odd as `draw` decides. Undefined leaves the answer as it is. */
export function oddly(answer: Answer, { draw, omitted }: Oddity): Answer {
  return async (arrived) => {
    const reply = await answer(arrived)
    const odd = typeof reply === 'string' || !('json' in reply) ? undefined : draw()
    return odd === undefined ? reply : spoiled(reply, { odd, omitted }, arrived)
  }
}

type Spoiling = { readonly odd: OddAnswer; readonly omitted: Oddity['omitted'] }

function spoiled(reply: Reply, spoiling: Spoiling, arrived: Arrived): Reply {
  const { odd } = spoiling
  if (typeof reply === 'string' || !('json' in reply)) return reply
  const error = ERRORS[odd]
  if (odd === 'one error for all' && arrived.batch) return { json: [{ jsonrpc: '2.0', id: null, error }] }
  const items: readonly unknown[] = Array.isArray(reply.json) ? reply.json : [reply.json]
  const changed = items.map((item, place) => {
    const fields: Item = typeof item === 'object' && item !== null ? Object.fromEntries(Object.entries(item)) : {}
    if (error !== undefined) return { jsonrpc: '2.0', id: fields.id, error }
    return 'result' in fields
      ? { ...fields, result: changedResult(fields.result, spoiling, arrived.calls[place]?.method) }
      : item
  })
  return { json: arrived.batch ? changed : changed[0] }
}

const TOMORROW_SECONDS = 86_400

function changedResult(result: unknown, { odd, omitted }: Spoiling, method: string | undefined): unknown {
  if (odd === 'null') return null
  if (odd === 'empty object') return typeof result === 'object' ? {} : result
  if (method !== 'eth_getLogs' || !Array.isArray(result)) return result
  const logs: readonly Item[] = result
  switch (odd) {
    case 'times of zero':
      return logs.map((log) => ({ ...log, blockTimestamp: '0x0' }))
    case 'times of tomorrow':
      return logs.map((log) => ({
        ...log,
        blockTimestamp: `0x${(Math.floor(Date.now() / 1000) + TOMORROW_SECONDS).toString(16)}`,
      }))
    case 'every third log missing':
      for (const log of logs.filter((_, place) => place % 3 === 2)) omitted(String(log.address))
      return logs.filter((_, place) => place % 3 !== 2)
    default:
      return result
  }
}
