import type { ChainId } from '../core/chain.ts'
import { EXAMPLE_ASSET, EXAMPLE_CHAIN } from './examples.ts'
import { type Bad, type ConfigPath, type Field, integer, optional, refine, text, withDefault, wrong } from './field.ts'
import { mapping, table } from './group.ts'
import { type ChainAsset, type ChainKinds, chainAsset, chainId, httpUrl, type Price, price } from './words.ts'

/** Bounds of the pause between two reads of all prices, in seconds: from a burst limit of public sources to a day. */
const INTERVAL_SECONDS = { min: 5, max: 86_400 }
/** Bounds of one request to the source, in milliseconds. */
const TIMEOUT_MS = { min: 100, max: 60_000 }

/** A source of prices over HTTP, as configured. */
export type PriceSourceConfig = {
  /** The URL above `/prices/current/…`. It may contain secrets. */
  readonly url: string
  readonly intervalSeconds: number
  readonly timeoutMs: number
  /** The source's own names of chains. Assets of other chains have no price there. */
  readonly ids: readonly (readonly [ChainId, string])[]
}

/** All sources of prices, as configured. */
export type PricesConfig = {
  /** US dollars for one whole token. They win over all other sources. */
  readonly static: readonly (readonly [ChainAsset, Price])[]
  readonly http: PriceSourceConfig | undefined
}

/** The mapping `prices`. */
export function pricesField({ kindOf, namespaces }: ChainKinds): Field<PricesConfig> {
  const name = text("the source's name of a chain: 1 to 40 letters, digits, - and _, such as ethereum", (given) =>
    /^[\w-]{1,40}$/.test(given) ? given : undefined,
  )
  const ids = table(chainId(namespaces), name, `a mapping such as { "${EXAMPLE_CHAIN}": ethereum }`)
  return mapping({
    static: withDefault(table(chainAsset(kindOf), price(), `a mapping such as { "${EXAMPLE_ASSET}": "1.0001" }`), []),
    http: optional(
      mapping({
        url: httpUrl(),
        intervalSeconds: withDefault(integer(INTERVAL_SECONDS.min, INTERVAL_SECONDS.max), 60),
        timeoutMs: withDefault(integer(TIMEOUT_MS.min, TIMEOUT_MS.max), 5_000),
        ids: refine(ids, atLeastOne),
      }),
    ),
  })
}

function atLeastOne(ids: PriceSourceConfig['ids'], at: ConfigPath): PriceSourceConfig['ids'] | Bad {
  return ids.length > 0
    ? ids
    : wrong(at, {}, `the name of at least one chain, such as { "${EXAMPLE_CHAIN}": ethereum }`)
}
