import { ServiceError } from '../core/errors.ts'
import { redactUrl, redactUrls } from '../redact.ts'
import type { Override } from './environment.ts'
import type { Problem } from './field.ts'
import { isMapping } from './group.ts'

/** Longest value shown in an error, in characters. */
const MAX_SHOWN = 80

/** Keys whose values hold secrets even where they do not look like a URL. */
const SECRET_KEYS = /(?:^|[._])(?:rpc|store)(?:$|[._])/i

/** The error for all mistakes of one configuration, each on its own line. */
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
  if ('says' in problem) return `${key}${origin}: ${problem.says}`
  return `${key}${origin}: ${show(key, problem.value)}, expected ${problem.expected}`
}

function show(key: string, value: unknown): string {
  if (value === undefined) return 'is missing'
  if (Array.isArray(value)) return `got a list of ${value.length}`
  if (isMapping(value)) return 'got a mapping'
  const text = String(value)
  const safe = SECRET_KEYS.test(key) ? redactUrl(text) : redactUrls(text)
  return `got ${JSON.stringify(safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe)}`
}
