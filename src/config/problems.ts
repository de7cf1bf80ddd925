import { ServiceError } from '../core/errors.ts'
import { withoutUrl, withoutUrls } from '../core/url.ts'
import type { Override } from './environment.ts'
import type { Problem } from './field.ts'
import { isMapping } from './group.ts'

/** Longest value shown in an error, in characters. */
const MAX_SHOWN = 80

/** Keys that hold secrets, even if the value does not look like a URL. */
const SECRET_KEYS = /(?:^|[._])(?:rpc|store|url)(?:$|[._])/i

/** The error for all mistakes in one configuration, each on its own line. */
export function configError(name: string, problems: readonly Problem[], overrides: readonly Override[]): ServiceError {
  const lines = problems.map((problem) => `  ${describe(problem, overrides)}`)
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  return new ServiceError('CONFIG_INVALID', `${name}: ${count} in the configuration\n${lines.join('\n')}`)
}

function describe(problem: Problem, overrides: readonly Override[]): string {
  const key = problem.key === '' ? 'the file' : problem.key
  const from = overrides.findLast(
    ({ path }) => problem.key === path.join('.') || problem.key.startsWith(`${path.join('.')}.`),
  )
  const origin = from === undefined ? '' : ` (from ${from.variable})`
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`
  if ('says' in problem) return `${key}${origin}: ${problem.says}${hint}`
  return `${key}${origin}: ${show(key, problem.value)}, expected ${problem.expected}${hint}`
}

function show(key: string, value: unknown): string {
  if (value === undefined) return 'is missing'
  if (Array.isArray(value)) return `got a list of ${value.length}`
  if (isMapping(value)) return 'got a mapping'
  if (typeof value === 'object' && value !== null) return 'got a value of another type'
  const text = String(value)
  const safe = SECRET_KEYS.test(key) ? hideUrl(text) : withoutUrls(text)
  return `got ${JSON.stringify(safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe)}`
}

// A mistyped URL may still contain a key, so show only the part that looks like a host.
function hideUrl(text: string): string {
  if (text.includes('://')) return withoutUrl(text)
  const host = /^[a-z0-9.:-]+/i.exec(text)?.[0] ?? ''
  return text.includes('@') || host === '' ? '(hidden)' : `${host}${host === text ? '' : '…'}`
}
