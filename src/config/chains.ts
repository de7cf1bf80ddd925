import { assert } from '../core/assert.ts'
import type { FinalityRule } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { namespaceOf } from '../core/chain.ts'
import type { Scope } from '../core/coverage.ts'
import {
  BAD,
  type Bad,
  type ConfigPath,
  type Field,
  flag,
  inside,
  integer,
  optional,
  refine,
  text,
  withDefault,
  wrong,
} from './field.ts'
import { list, mapping, wordOr } from './group.ts'
import { type ChainKinds, chainId, httpUrl, path, type SupportedKind } from './words.ts'

/** Most addresses of a scope: the limit that one `eth_getLogs` filter and a row's look-up still handle well. */
const MAX_SCOPE_ADDRESSES = 10_000
/** Most nodes of one chain. Each is asked in turn when the others fail. */
const MAX_NODES = 16
/** Bounds of the pause between two polls, in milliseconds: from half a Starknet pre-confirmation to ten minutes. */
const POLL_MS = { min: 50, max: 600_000 }
/** Deepest finality by confirmations, because the header chain above it is kept. */
const MAX_CONFIRMATIONS = 10_000

/** A chain as configured. */
export type ChainConfig = {
  readonly id: ChainId
  /** Node URLs in order of preference. They may contain secrets. Empty for a chain without nodes. */
  readonly rpc: readonly string[]
  /** First block to index. */
  readonly from: number
  readonly scope: Scope
  readonly finality: FinalityRule
  /** Pause between two polls of the head, in milliseconds; undefined: the default of the chain's kind. */
  readonly pollMs: number | undefined
  /**
   * If true, lists are answered and marked as incomplete before the chain has caught up for the first time; else they
   * are 503.
   */
  readonly servePartial: boolean
  /** Client certificate for the nodes, as absolute paths. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | undefined } | undefined
}

const SCOPES = 'all, or { tokens: [0x…] }, or { accounts: [0x…] }'

/** One entry of `chains`. */
export function chainField(folder: string, { kindOf, namespaces }: ChainKinds): Field<ChainConfig> {
  const addresses = list(
    text('an address', (given) => given),
    'a list of addresses',
  )
  const tags = [...new Set([...namespaces.values()].flatMap(({ finality }) => finality.tags))]
  const raw = mapping({
    id: chainId(namespaces),
    rpc: withDefault(list(httpUrl(), 'a list of node URLs such as ["http://127.0.0.1:8545"]'), []),
    from: withDefault(integer(0, Number.MAX_SAFE_INTEGER), 0),
    scope: withDefault(
      wordOr({
        words: ['all'],
        group: mapping({ tokens: optional(addresses), accounts: optional(addresses) }),
        expected: SCOPES,
      }),
      'all',
    ),
    // The kind of the chain decides which tags there are.
    finality: optional({ ...finalityField(tags), read: (value: unknown): unknown => value }),
    pollMs: optional(integer(POLL_MS.min, POLL_MS.max)),
    servePartial: withDefault(flag(), false),
    tls: optional(mapping({ cert: path(folder), key: path(folder), ca: optional(path(folder)) })),
  })
  return refine(raw, (given, at) => {
    const namespace = namespaceOf(given.id)
    const kind = kindOf(given.id)
    if (kind === undefined) {
      return wrong(inside(at, 'id'), given.id, `a chain that this version reads; ${namespace} is not supported yet`)
    }
    const has = namespaces.get(namespace)
    assert(has !== undefined, 'a chain id has a known namespace')
    const { tags: own, usual } = has.finality
    const finality =
      given.finality === undefined ? usual : finalityField(own).read(given.finality, inside(at, 'finality'))
    if (finality === BAD) return BAD
    if (!has.nodes) return withoutNodes({ ...given, finality }, at)
    const tls = given.tls !== undefined && !has.tls
    if (tls) wrong(inside(at, 'tls'), given.tls, `nothing: nodes of ${namespace} need no certificate`)
    const nodes = readNodes(given.rpc, inside(at, 'rpc'))
    const scope = readScope(given.scope, kind, inside(at, 'scope'))
    return scope === BAD || nodes === BAD || tls ? BAD : { ...given, finality, scope }
  })
}

/** The rule for the finalized head: one of a kind's tags, or a number of confirmations. */
function finalityField(tags: readonly string[]): Field<FinalityRule> {
  return wordOr({
    words: tags,
    group: mapping({ confirmations: integer(0, MAX_CONFIRMATIONS) }),
    expected: [...tags, '{ confirmations: 12 }'].join(' or '),
    hint: (given) => (/^\d{1,5}$/.test(given) ? `did you mean "{ confirmations: ${given} }"?` : undefined),
  })
}

function readNodes(rpc: readonly string[], at: ConfigPath): readonly string[] | Bad {
  if (rpc.length === 0 || rpc.length > MAX_NODES) {
    return wrong(at, rpc.length === 0 ? undefined : rpc, `a list of 1 to ${MAX_NODES} node URLs`)
  }
  const urls = rpc.map((url) => new URL(url).href)
  const twice = urls.findIndex((url, index) => urls.indexOf(url) !== index)
  if (twice === -1) return rpc
  return wrong(inside(at, String(twice)), rpc[twice], 'each node only once: a node cannot confirm itself')
}

/** A chain that is written here has no settings for how to follow it. */
function withoutNodes(given: RawChain, at: ConfigPath): ChainConfig | Bad {
  const { rpc, from, scope, tls, pollMs, servePartial } = given
  const unused = { rpc: rpc.length > 0, from: from !== 0, scope: scope !== 'all', tls: tls !== undefined }
  for (const [key, isGiven] of Object.entries({
    ...unused,
    poll_ms: pollMs !== undefined,
    serve_partial: servePartial,
  })) {
    if (isGiven)
      wrong(inside(at, key), Reflect.get(given, key), `nothing: ${given.id} is written here and has no nodes`)
  }
  const good = pollMs === undefined && !servePartial && Object.values(unused).every((isGiven) => !isGiven)
  return good ? { ...given, scope: { type: 'all' } } : BAD
}

type RawChain = Omit<ChainConfig, 'scope'> & { readonly scope: RawScope }

type RawScope =
  | 'all'
  | { readonly tokens: readonly string[] | undefined; readonly accounts: readonly string[] | undefined }

function readScope(given: RawScope, kind: SupportedKind, at: ConfigPath): Scope | Bad {
  if (given === 'all') return { type: 'all' }
  const { tokens, accounts } = given
  if ((tokens === undefined) === (accounts === undefined)) {
    return wrong(at, given, `${SCOPES}: one of them`)
  }
  if (tokens !== undefined) {
    const canonical = readAddresses(tokens, kind, inside(at, 'tokens'))
    return canonical === BAD ? BAD : { type: 'tokens', tokens: canonical }
  }
  const canonical = readAddresses(accounts ?? [], kind, inside(at, 'accounts'))
  return canonical === BAD ? BAD : { type: 'accounts', accounts: canonical }
}

function readAddresses(given: readonly string[], kind: SupportedKind, at: ConfigPath): readonly string[] | Bad {
  if (given.length === 0 || given.length > MAX_SCOPE_ADDRESSES) {
    return wrong(at, given, `a list of 1 to ${MAX_SCOPE_ADDRESSES} addresses`)
  }
  const canonical = given.map((address, index) => {
    const parsed = kind.parseAddress(address)
    return parsed ?? wrong(inside(at, String(index)), address, 'an address of this chain')
  })
  const good = canonical.filter((address) => address !== BAD)
  // Sorted, because a scope is a set: the order in the file has no meaning.
  return good.length === given.length ? [...new Set(good)].sort() : BAD
}
