import {
  type Field,
  flag,
  type Infer,
  label,
  optional,
  refine,
  text,
  withDefault,
  wrong,
} from '../../../config/field.ts'
import { mapping, table } from '../../../config/group.ts'
import { type ChainAsset, type ChainKinds, chainAsset, chainId } from '../../../config/words.ts'
import type { ChainId } from '../../../core/chain.ts'

/**
 * The settings of this dialect. `anonymous`: the principal of callers without a key, who may only read; undefined: every
 * call needs a key. `chains`, `tokens`: the vendor's ids of chains and assets, before any other rule.
 */
export type CoboSettings = Infer<ReturnType<typeof coboSettings>>

/** Longest name of a principal, in characters: as of a key. */
const MAX_PRINCIPAL_CHARACTERS = 100

/** The mapping `dialects.cobo`. */
export function coboSettings({ kindOf, namespaces }: ChainKinds) {
  const chains = table(vendorId('ETH'), chainId(namespaces), 'a mapping of ids to chains, such as ETH: "eip155:1"')
  const tokens = table(vendorId('ETH_USDC'), chainAsset(kindOf), 'a mapping of ids to CAIP-19 assets')
  return mapping({
    enabled: withDefault(flag(), true),
    anonymous: optional(label('a principal', MAX_PRINCIPAL_CHARACTERS)),
    chains: withDefault(distinct<ChainId>(chains), []),
    tokens: withDefault(distinct<ChainAsset>(tokens), []),
  })
}

type Rows<T> = readonly (readonly [string, T])[]

/** An id of a chain or an asset. It has no comma, which separates ids in a query. */
function vendorId(example: string): Field<string> {
  return text(`an id such as ${example}: 1 to 100 letters, digits, "_", "-" and "."`, (given) =>
    /^[A-Za-z0-9_.-]{1,100}$/.test(given) ? given : undefined,
  )
}

/** The ids of a mapping, each of another chain or asset: which of two ids counts would be unclear. */
function distinct<T>(field: Field<Rows<T>>): Field<Rows<T>> {
  return refine(field, (rows, at) => {
    const named = new Map<string, string>()
    for (const [id, value] of rows) {
      const key = JSON.stringify(value)
      const other = named.get(key)
      if (other !== undefined) return wrong(at, id, `one id for each: ${other} names the same`)
      named.set(key, id)
    }
    return rows
  })
}
