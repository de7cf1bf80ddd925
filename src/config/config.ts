import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseAddressRange } from '../access/origins.ts'
import type { Accounting } from '../core/asset.ts'
import { namespaceOf } from '../core/chain.ts'
import { systemCode } from '../core/errors.ts'
import { LOG_LEVELS, type LogLevel } from '../core/log-level.ts'
import type { ChainConfig } from './chains.ts'
import { chainField } from './chains.ts'
import { applyOverrides, readEnvironment } from './environment.ts'
import { EXAMPLE_ASSET, EXAMPLE_CHAIN } from './examples.ts'
import {
  BAD,
  type Bad,
  type ConfigPath,
  type Field,
  integer,
  optional,
  type Problem,
  refine,
  text,
  withDefault,
  word,
  wrong,
} from './field.ts'
import { list, mapping, table } from './group.ts'
import { type PricesConfig, pricesField } from './prices.ts'
import { configError } from './problems.ts'
import { type ChainAsset, type ChainKinds, chainAsset, host, path, storeUrl } from './words.ts'
import { parseYaml } from './yaml.ts'

/** The whole configuration, validated, with all defaults, deeply frozen. `Dialects`: the settings of the dialects. */
export type Config<Dialects> = {
  readonly listen: {
    readonly host: string
    /** 0: any free port. */
    readonly port: number
    /** Addresses or CIDR ranges of trusted proxies: their forwarded caller address counts. */
    readonly trustProxy: readonly string[]
  }
  readonly log: { readonly level: LogLevel }
  /** `sqlite:<absolute folder>` or `postgres://…`, with a password: only `withoutUrl` of it may be shown. */
  readonly store: string
  /** The absolute folder where bulk loads into a database keep what they fetched; undefined: one of the system's temporary ones. */
  readonly loadFolder?: string | undefined
  readonly chains: readonly ChainConfig[]
  readonly tokens: {
    /** Absolute paths of token lists, most trusted first. */
    readonly lists: readonly string[]
    /** Accounting classes fixed by configuration. */
    readonly accounting: readonly (readonly [ChainAsset, Accounting])[]
  }
  readonly prices: PricesConfig
  readonly dialects: Dialects
}

/** What a configuration needs besides its text. */
export type ConfigContext<Dialects> = ChainKinds & {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The mapping `dialects`. */
  readonly dialects: Field<Dialects>
  /** If true, a configuration without a chain is a mistake: there would be nothing to serve. */
  readonly needsChains?: boolean
  /** Receives notes that are not mistakes, one sentence each. */
  readonly notice?: (sentence: string) => void
}

/** The text of a configuration, with its name and folder. */
export type ConfigSource<Dialects> = ConfigContext<Dialects> & {
  /** YAML text; empty for all defaults. */
  readonly text: string
  /** The file's name in errors. */
  readonly name: string
  /** The folder for relative paths. */
  readonly folder: string
}

/**
 * Reads the configuration from a file. The environment overrides it.
 * @throws CONFIG_INVALID naming every wrong key, its value (secrets hidden) and what was expected
 */
export function loadConfig<D>({ file, ...context }: ConfigContext<D> & { readonly file: string }): Config<D> {
  const read = readText(file)
  if ('problem' in read) throw configError(file, [{ key: '--config', value: file, expected: read.problem }], [])
  return parseConfig({ ...context, text: read.text, name: file, folder: dirname(resolve(file)) })
}

/** Longest file to read, in bytes: enough for the million characters that `parseYaml` accepts. */
const MAX_BYTES = 4_000_000

function readText(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size } = statSync(file)
    if (size > MAX_BYTES) return { problem: `a file of at most ${MAX_BYTES} bytes` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)) }
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) return { problem: 'a file of UTF-8 text' }
    return { problem: code === 'EISDIR' ? 'a file, not a folder (EISDIR)' : `a file that can be read (${code})` }
  }
}

/**
 * Reads the configuration from YAML text. The environment overrides it.
 * @throws CONFIG_INVALID naming every wrong key, its value (secrets hidden) and what was expected
 */
export function parseConfig<D>(source: ConfigSource<D>): Config<D> {
  const schema = configField(source.folder, source)
  const parsed = parseYaml(source.text)
  if (parsed.problem !== undefined) {
    throw configError(source.name, [{ key: source.name, says: `not YAML: ${parsed.problem}` }], [])
  }
  const { overrides, problems: unknown, empty } = readEnvironment(source.env, schema)
  const { tree, problems: outside } = applyOverrides(parsed.value, overrides)
  const problems: Problem[] = [...unknown, ...outside]
  const config = schema.read(tree, { key: '', problems })
  for (const variable of empty) source.notice?.(`${variable} is empty and counts as not set.`)
  if (config === BAD || problems.length > 0) throw configError(source.name, problems, overrides)
  return freeze(config)
}

function configField<D>(
  folder: string,
  { dialects, needsChains = false, ...kinds }: ConfigContext<D>,
): Field<Config<D>> {
  const chains = list(chainField(folder, kinds), 'a list of chains, each with an id')
  const asset = chainAsset(kinds.kindOf)
  const proxy = text('an IP address or a CIDR range such as 10.0.0.0/8', parseAddressRange)
  const listen = mapping({
    host: withDefault(host(), '127.0.0.1'),
    port: withDefault(integer(0, 65_535), 8080),
    trustProxy: withDefault(list(proxy, 'a list of addresses or CIDR ranges'), []),
  })
  const distinctChains = withDefault(refine(chains, distinct), [])
  return mapping({
    listen,
    log: mapping({ level: withDefault(word(LOG_LEVELS), 'info') }),
    store: withDefault(storeUrl(folder), `sqlite:${resolve(folder, 'data')}`),
    loadFolder: optional(path(folder)),
    chains: needsChains ? refine(distinctChains, atLeastOne) : distinctChains,
    tokens: mapping({
      lists: withDefault(list(path(folder), 'a list of files'), []),
      accounting: withDefault(
        table(asset, word(['events', 'reads']), `a mapping such as { "${EXAMPLE_ASSET}": reads }`),
        [],
      ),
    }),
    prices: pricesField(kinds),
    dialects,
  })
}

function atLeastOne(chains: readonly ChainConfig[], at: ConfigPath): readonly ChainConfig[] | Bad {
  if (chains.length > 0) return chains
  const expected = `at least one chain, such as [{ id: "${EXAMPLE_CHAIN}", rpc: ["http://127.0.0.1:8545"] }]`
  return wrong(at, undefined, { expected, hint: '"steelyard init" writes a configuration' })
}

function distinct(chains: readonly ChainConfig[], at: ConfigPath): readonly ChainConfig[] | Bad {
  let good = true
  for (const [index, chain] of chains.entries()) {
    if (chains.findIndex((other) => other.id === chain.id) === index) continue
    wrong({ ...at, key: `${at.key}.${index}.id` }, chain.id, 'each chain only once')
    good = false
  }
  for (const chain of chains.filter(({ id }) => namespaceOf(id) === 'ledger').slice(1)) {
    wrong(
      { ...at, key: `${at.key}.${chains.indexOf(chain)}.id` },
      chain.id,
      'only one ledger: a store holds one record',
    )
    good = false
  }
  return good ? chains : BAD
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
  }
  return value
}
