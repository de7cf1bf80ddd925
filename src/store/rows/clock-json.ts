import type { Coverage, Scope } from '../../core/coverage.ts'
import { isRecord } from '../../core/is-record.ts'
import { mustBeOurs, parseStoredJson } from '../../journal/damaged-value.ts'

/** Parses a stored coverage. */
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

/** Parses stored heartbeat counters. */
export function parseCounts(json: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [name, count] of Object.entries(record(parseStoredJson(json)))) {
    mustBeOurs(typeof count === 'number', 'a stored count is a number')
    counts[name] = count
  }
  return counts
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  mustBeOurs(isRecord(value), 'a stored object is a JSON object')
  return { ...value }
}

function texts(value: unknown): string[] {
  mustBeOurs(Array.isArray(value), 'a stored list is a JSON array')
  return value.map((text) => {
    mustBeOurs(typeof text === 'string', 'a stored list contains texts')
    return text
  })
}
