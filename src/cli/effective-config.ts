import { stringify } from 'yaml'
import type { AppConfig } from '../app/app-config.ts'
import { assetText } from '../core/asset.ts'
import { withoutUrl } from '../core/url.ts'

/**
 * The configuration that takes effect, as YAML with the file's keys and all defaults. URLs are cut to scheme and host,
 * so that the output can be shared.
 */
export function effectiveConfig(config: AppConfig): string {
  const tables = {
    ...config,
    chains: config.chains.map(({ scope, ...chain }) => ({ ...chain, scope: scopeWords(scope) })),
    tokens: { ...config.tokens, accounting: fromRows(config.tokens.accounting) },
    prices: pricesTable(config.prices),
    dialects: { ...config.dialects, cobo: coboTable(config.dialects.cobo) },
  }
  return stringify(inFileWords(tables), { lineWidth: 0 })
}

function pricesTable({ static: fixed, http }: AppConfig['prices']): Record<string, unknown> {
  const table = { static: fromRows(fixed.map(([asset, price]) => [asset, price.text])) }
  return http === undefined ? table : { ...table, http: { ...http, ids: new Map(http.ids) } }
}

function coboTable({ chains, tokens, ...settings }: AppConfig['dialects']['cobo']): Record<string, unknown> {
  return { ...settings, chains: new Map(chains), tokens: new Map(tokens.map(([id, asset]) => [id, assetName(asset)])) }
}

type Row = AppConfig['tokens']['accounting'][number]

function assetName({ chain, asset }: Row[0]): string {
  return assetText(chain, asset)
}

function fromRows(rows: readonly (readonly [Row[0], unknown])[]): ReadonlyMap<string, unknown> {
  return new Map(rows.map(([asset, value]) => [assetName(asset), value]))
}

function scopeWords(scope: AppConfig['chains'][number]['scope']): unknown {
  if (scope.type === 'all') return 'all'
  return scope.type === 'tokens' ? { tokens: scope.tokens } : { accounts: scope.accounts }
}

/**
 * Converts property names to the file's keys, cuts secrets and drops absent keys. A Map is a table whose keys are the
 * file's own.
 */
function inFileWords(value: unknown): unknown {
  if (typeof value === 'string') return withoutUrl(value)
  if (Array.isArray(value)) return value.map(inFileWords)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [key, inFileWords(part)]))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [fileKey(key), inFileWords(part)]),
  )
}

function fileKey(key: string): string {
  if (key === 'abcLabs') return 'abc-labs'
  return /^[a-z]+([A-Z][a-z]+)+$/.test(key) ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key
}
