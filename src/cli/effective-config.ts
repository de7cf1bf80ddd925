import { stringify } from 'yaml'
import type { Config } from '../config/config.ts'
import { assetText } from '../core/asset.ts'
import { withoutUrl } from '../core/url.ts'

/**
 * The configuration as it takes effect, as YAML in the words of the file, with all defaults. URLs are cut to scheme and
 * host, so that it can be shown to others.
 */
export function effectiveConfig(config: Config): string {
  const tables = {
    ...config,
    chains: config.chains.map(({ scope, ...chain }) => ({ ...chain, scope: scopeWords(scope) })),
    tokens: { ...config.tokens, accounting: fromRows(config.tokens.accounting) },
    prices: { static: fromRows(config.prices.static.map(([asset, price]) => [asset, price.text])) },
  }
  return stringify(inFileWords(tables), { lineWidth: 0 })
}

type Row = Config['tokens']['accounting'][number]

function assetName({ chain, asset }: Row[0]): string {
  return assetText(chain, asset)
}

function fromRows(rows: readonly (readonly [Row[0], unknown])[]): Record<string, unknown> {
  return Object.fromEntries(rows.map(([asset, value]) => [assetName(asset), value]))
}

function scopeWords(scope: Config['chains'][number]['scope']): unknown {
  if (scope.type === 'all') return 'all'
  return scope.type === 'tokens' ? { tokens: scope.tokens } : { accounts: scope.accounts }
}

/** Property names back to the file's, secrets cut, absent keys left out. Keys of free tables have no capitals to change. */
function inFileWords(value: unknown): unknown {
  if (typeof value === 'string') return withoutUrl(value)
  if (Array.isArray(value)) return value.map(inFileWords)
  if (typeof value !== 'object' || value === null) return value
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
