import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { ChainConfig } from './config/chains.ts'
import { chainField } from './config/chains.ts'
import type { DialectsConfig } from './config/dialects.ts'
import { dialectsField, withFirstChains } from './config/dialects.ts'
import { applyOverrides, readEnvironment } from './config/environment.ts'
import {
  BAD,
  type Field,
  integer,
  label,
  type Problem,
  refine,
  text,
  withDefault,
  word,
  wrong,
} from './config/field.ts'
import { list, mapping, table } from './config/group.ts'
import { configError } from './config/problems.ts'
import {
  type ChainAsset,
  chainAsset,
  type KindOf,
  type Price,
  parseAddressRange,
  path,
  price,
  storeUrl,
} from './config/words.ts'
import { parseYaml } from './config/yaml.ts'
import type { Accounting } from './core/asset.ts'
import { namespaceOf } from './core/chain.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'

/** Everything that can be configured, checked and with all defaults; frozen, parts included. */
export type Config = {
  readonly listen: {
    readonly host: string
    /** 0: any free port. */
    readonly port: number
    /** Addresses or CIDR ranges of proxies whose forwarded caller address is believed. */
    readonly trustProxy: readonly string[]
  }
  readonly log: { readonly level: LogLevel }
  /** `sqlite:<absolute folder>`. */
  readonly store: string
  readonly chains: readonly ChainConfig[]
  readonly tokens: {
    /** Absolute paths of token lists, most trusted first. */
    readonly lists: readonly string[]
    /** Classes fixed by configuration. */
    readonly accounting: readonly (readonly [ChainAsset, Accounting])[]
  }
  readonly prices: { readonly static: readonly (readonly [ChainAsset, Price])[] }
  readonly dialects: DialectsConfig
}

/** What a configuration is read from. `kindOf`: the kinds of chain that this build reads. */
export type ConfigSource = {
  /** YAML text; empty for all defaults. */
  readonly text: string
  /** The file's name for errors. */
  readonly name: string
  /** Relative paths are taken from here. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly kindOf: KindOf
}

/**
 * The configuration of a file, overridden by the environment.
 * @throws CONFIG_INVALID naming every wrong key, its value (secrets hidden) and what was expected
 */
export function loadConfig(options: {
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly kindOf: KindOf
}): Config {
  const { file, env, kindOf } = options
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw configError(file, [{ key: '--config', value: file, expected: `a file that can be read (${reason})` }], [])
  }
  return parseConfig({ text, name: file, folder: dirname(resolve(file)), env, kindOf })
}

/**
 * The configuration of YAML text, overridden by the environment.
 * @throws CONFIG_INVALID naming every wrong key, its value (secrets hidden) and what was expected
 */
export function parseConfig(source: ConfigSource): Config {
  const schema = configField(source.folder, source.kindOf)
  const parsed = parseYaml(source.text)
  if (parsed.problem !== undefined) {
    throw configError(source.name, [{ key: source.name, says: `not YAML: ${parsed.problem}` }], [])
  }
  const { overrides, problems: unknown } = readEnvironment(source.env, schema)
  const { tree, problems: outside } = applyOverrides(parsed.value, overrides)
  const problems: Problem[] = [...unknown, ...outside]
  const config = schema.read(tree, { key: '', problems })
  if (config === BAD || problems.length > 0) throw configError(source.name, problems, overrides)
  return freeze(config)
}

function configField(folder: string, kindOf: KindOf): Field<Config> {
  const chains = list(chainField(folder, kindOf), 'a list of chains, each with an id')
  const asset = chainAsset(kindOf)
  const proxy = text('an IP address or a CIDR range such as 10.0.0.0/8', parseAddressRange)
  const listen = mapping({
    host: withDefault(label('a host name or address', 253), '127.0.0.1'),
    port: withDefault(integer(0, 65_535), 8080),
    trustProxy: withDefault(list(proxy, 'a list of addresses or CIDR ranges'), []),
  })
  const root = mapping({
    listen,
    log: mapping({ level: withDefault(word(LOG_LEVELS), 'info') }),
    store: withDefault(storeUrl(folder), `sqlite:${resolve(folder, 'data')}`),
    chains: withDefault(refine(chains, distinct), []),
    tokens: mapping({
      lists: withDefault(list(path(folder), 'a list of files'), []),
      accounting: withDefault(
        table(asset, word(['events', 'reads']), 'a mapping such as { "eip155:1/erc20:0x…": reads }'),
        [],
      ),
    }),
    prices: mapping({
      static: withDefault(table(asset, price(), 'a mapping such as { "eip155:1/erc20:0x…": "1.0001" }'), []),
    }),
    dialects: dialectsField(kindOf),
  })
  return refine(root, (config) => {
    const ids = config.chains.map((chain) => chain.id)
    return { ...config, dialects: withFirstChains(config.dialects, ids) }
  })
}

function distinct(chains: readonly ChainConfig[], at: { readonly key: string; readonly problems: Problem[] }) {
  let good = true
  for (const [index, chain] of chains.entries()) {
    if (chains.findIndex((other) => other.id === chain.id) === index) continue
    wrong({ ...at, key: `${at.key}.${index}.id` }, chain.id, 'each chain once')
    good = false
  }
  for (const chain of chains.filter(({ id }) => namespaceOf(id) === 'ledger').slice(1)) {
    wrong({ ...at, key: `${at.key}.${chains.indexOf(chain)}.id` }, chain.id, 'one ledger: a store holds one record')
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
