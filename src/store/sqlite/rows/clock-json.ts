import type { Coverage, Scope } from '../../../core/coverage.ts'
import { mustBeOurs, parseStoredJson } from './damaged-value.ts'

/** A coverage as the journal stored it. */
export function parseCoverage(json: string): Coverage {
  const { scope, from } = record(parseStoredJson(json))
  mustBeOurs(typeof from === 'number', 'a stored coverage has a first block')
  return { scope: parseScope(record(scope)), from }
}

function parseScope({ type, tokens, accounts }: Readonly<Record<string, unknown>>): Scope {
  if (type === 'all') return { type }
  if (type === 'tokens') return { type, tokens: texts(tokens) }
  mustBeOurs(type === 'accounts', `stored scope is unknown: ${String(type)}`)
  return { type, accounts: texts(accounts) }
}

/** Counters as the heartbeat stored them. */
export function parseCounts(json: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [name, count] of Object.entries(record(parseStoredJson(json)))) {
    mustBeOurs(typeof count === 'number', 'a stored count is a number')
    counts[name] = count
  }
  return counts
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  mustBeOurs(typeof value === 'object' && value !== null && !Array.isArray(value), 'what is stored as an object is one')
  return { ...value }
}

function texts(value: unknown): string[] {
  mustBeOurs(Array.isArray(value), 'what is stored as a list is one')
  return value.map((text) => {
    mustBeOurs(typeof text === 'string', 'a stored list holds texts')
    return text
  })
}
