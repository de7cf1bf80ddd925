import type { Field, Part, Problem } from './field.ts'
import { isMapping } from './group.ts'
import { didYouMean, nearest } from './nearest.ts'
import { type ParsedYaml, parseYaml } from './yaml.ts'

/** Prefix of all variables of Steelyard. */
export const PREFIX = 'STEELYARD_'

/** Variables that are not keys of the configuration. */
export const OTHER_VARIABLES = [
  ...['STEELYARD_DEBUG', 'STEELYARD_CONFIG', 'STEELYARD_COPY_FROM', 'STEELYARD_COPY_TO'],
] as const

/**
 * Variables that container platforms set for a service called `steelyard`, without the operator: Kubernetes' service
 * discovery and Docker's links. `STEELYARD_PORT` is one of them if it holds an address such as `tcp://…`.
 */
const PLATFORM_VARIABLE = /^STEELYARD_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)$/

function isForeign(name: string, value: string): boolean {
  if (OTHER_VARIABLES.some((other) => other === name) || PLATFORM_VARIABLE.test(name)) return true
  return name === 'STEELYARD_PORT' && /^(?:tcp|udp|sctp):\/\//.test(value)
}

/** A variable that sets a key, with the key's path and the parsed value. */
export type Override = { readonly variable: string; readonly path: readonly string[]; readonly value: unknown }

/** The settings in the environment. `empty`: variables with an empty value. They count as not set. */
export type Environment = {
  readonly overrides: readonly Override[]
  readonly problems: readonly Problem[]
  readonly empty: readonly string[]
}

/**
 * Reads the settings in the environment. Shorter names come first, so that a part is set after its whole. Values are
 * YAML scalars or flow collections; a text key takes its variable literally.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  schema: Field<unknown>,
): Environment {
  const overrides: Override[] = []
  const problems: Problem[] = []
  const empty: string[] = []
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX))
  for (const variable of names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const given = env[variable]
    if (given === undefined || isForeign(variable, given)) continue
    const found = resolve(schema, variable.slice(PREFIX.length))
    if (found === undefined) {
      const says = 'no such variable: its name is not a key of the configuration'
      problems.push({ key: variable, says, hint: didYouMean(nearestVariable(variable, schema)) })
    } else if (given.trim() === '') empty.push(variable)
    else {
      const parsed = found.field.plain ? parsePlain(given) : parseYaml(given)
      if (parsed.problem === undefined) overrides.push({ variable, path: found.path, value: parsed.value })
      else problems.push({ key: variable, value: given, expected: `a YAML value (${parsed.problem})` })
    }
  }
  return { overrides, problems, empty }
}

/** The variable that was probably meant. Numbers in the name are list indexes, and stay as they are. */
function nearestVariable(variable: string, schema: Field<unknown>): string | undefined {
  const places = variable.match(/(?<=_)\d+(?=_|$)/g) ?? []
  const given = variable.slice(PREFIX.length).replace(/(?<=_)\d+(?=_|$)/g, '0')
  const meant = nearest(given, schema.names) ?? schema.names.find((name) => name.endsWith(`_${given}`))
  if (meant === undefined) return undefined
  let place = 0
  return PREFIX + meant.replace(/(?<=_)0(?=_|$)/g, () => places[place++] ?? '0')
}

// Text is literal, so that a password needs no quotes. Quoted text and an explicit null are YAML.
function parsePlain(given: string): ParsedYaml {
  return /^(?:["'].*["']|null|~)$/s.test(given) ? parseYaml(given) : { value: given }
}

type Found = { readonly path: readonly string[]; readonly field: Field<unknown> }

function resolve(field: Field<unknown>, rest: string): Found | undefined {
  for (const part of field.parts(rest)) {
    const found = follow(part)
    if (found !== undefined) return { path: [part.key, ...found.path], field: found.field }
  }
  return undefined
}

function follow(part: Part): Found | undefined {
  return part.rest === '' ? { path: [], field: part.field } : resolve(part.field, part.rest)
}

/**
 * Sets the keys in the tree. A variable may add the next entry of a list, but none beyond it. @returns the new tree,
 * and a problem for each variable that names an entry beyond the end of its list
 */
export function applyOverrides(
  tree: unknown,
  overrides: readonly Override[],
): { readonly tree: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  for (const { variable, path, value } of overrides) {
    const next = setIn(tree, path, value)
    if (next === OUTSIDE) {
      problems.push({ key: variable, value, expected: 'an existing entry, or the next one of its list' })
    } else tree = next
  }
  return { tree, problems }
}

const OUTSIDE = Symbol('outside')

function setIn(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (/^\d+$/.test(key)) {
    const items: readonly unknown[] = Array.isArray(tree) ? tree : []
    const index = Number(key)
    if (index > items.length) return OUTSIDE
    const part = setIn(items[index], rest, value)
    return part === OUTSIDE ? OUTSIDE : index === items.length ? [...items, part] : items.with(index, part)
  }
  const group = isMapping(tree) ? tree : {}
  const part = setIn(Object.hasOwn(group, key) ? group[key] : undefined, rest, value)
  return part === OUTSIDE ? OUTSIDE : { ...group, [key]: part }
}
