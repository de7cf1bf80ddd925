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

/** Most addresses that a scope lists: a file with more is unwieldy. */
const MAX_SCOPE_ADDRESSES = 10_000
/** Most accounts that a chain follows unless the configuration says otherwise. */
const FOLLOWED_MAX = 10_000
/** Bound of that setting: all addresses are kept in memory, and named in each request for new blocks. */
const MAX_FOLLOWED = 100_000
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
  /** Most accounts that are followed, configured ones included. Undefined: the scope is not `accounts`. */
  readonly followedMax: number | undefined
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
    scope: optional(
      wordOr({
        words: ['all'],
        group: mapping({ tokens: optional(addresses), accounts: optional(addresses) }),
        expected: SCOPES,
      }),
    ),
    followedMax: optional(integer(1, MAX_FOLLOWED)),
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
    const { isByAccount } = has
    const scope = readScope(given.scope, { kind, isByAccount }, inside(at, 'scope'))
    const followedMax = scope === BAD ? BAD : readFollowedMax(given.followedMax, scope, inside(at, 'followed_max'))
    return scope === BAD || followedMax === BAD || nodes === BAD || tls
      ? BAD
      : { ...given, finality, scope, followedMax }
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
  const { rpc, from, scope, tls, pollMs, servePartial, followedMax } = given
  const hasScope = scope !== undefined && scope !== 'all'
  const unused = { rpc: rpc.length > 0, from: from !== 0, scope: hasScope, tls: tls !== undefined }
  for (const [key, isGiven] of Object.entries({
    ...unused,
    poll_ms: pollMs !== undefined,
    followed_max: followedMax !== undefined,
    serve_partial: servePartial,
  })) {
    if (isGiven)
      wrong(inside(at, key), Reflect.get(given, key), `nothing: ${given.id} is written here and has no nodes`)
  }
  const good =
    (pollMs ?? followedMax) === undefined && !servePartial && Object.values(unused).every((isGiven) => !isGiven)
  return good ? { ...given, scope: { type: 'all' } } : BAD
}

type RawChain = Omit<ChainConfig, 'scope'> & { readonly scope: RawScope | undefined }

type RawScope =
  | undefined
  | 'all'
  | { readonly tokens: readonly string[] | undefined; readonly accounts: readonly string[] | undefined }

function readScope(
  given: RawScope | undefined,
  { kind, isByAccount }: { readonly kind: SupportedKind; readonly isByAccount: boolean },
  at: ConfigPath,
): Scope | Bad {
  if (given === undefined) return isByAccount ? { type: 'accounts', accounts: [] } : { type: 'all' }
  if (isByAccount && (given === 'all' || given.tokens !== undefined)) {
    return wrong(at, given, '{ accounts: [...] }, or nothing: transfers of this chain are found only by account')
  }
  if (given === 'all') return { type: 'all' }
  const { tokens, accounts } = given
  if ((tokens === undefined) === (accounts === undefined)) {
    return wrong(at, given, `${SCOPES}: one of them`)
  }
  if (tokens !== undefined) {
    const canonical = readAddresses(tokens, { parse: kind.parseToken, min: 1 }, inside(at, 'tokens'))
    return canonical === BAD ? BAD : { type: 'tokens', tokens: canonical }
  }
  const canonical = readAddresses(accounts ?? [], { parse: kind.parseAddress, min: 0 }, inside(at, 'accounts'))
  return canonical === BAD ? BAD : { type: 'accounts', accounts: canonical }
}

/** The limit of followed accounts; undefined if the scope is not of accounts. */
function readFollowedMax(given: number | undefined, scope: Scope, at: ConfigPath): number | undefined | Bad {
  if (scope.type !== 'accounts') {
    return given === undefined
      ? undefined
      : wrong(at, given, 'nothing: only the scope { accounts: [...] } follows accounts')
  }
  const max = given ?? FOLLOWED_MAX
  const { length } = scope.accounts
  return length <= max ? max : wrong(at, given, `at least ${length}, the number of accounts in the scope`)
}

function readAddresses(
  given: readonly string[],
  { parse, min }: { readonly parse: SupportedKind['parseAddress']; readonly min: number },
  at: ConfigPath,
): readonly string[] | Bad {
  if (given.length < min || given.length > MAX_SCOPE_ADDRESSES) {
    return wrong(at, given, `a list of ${min} to ${MAX_SCOPE_ADDRESSES} addresses`)
  }
  const canonical = given.map((address, index) => {
    const parsed = parse(address)
    return parsed ?? wrong(inside(at, String(index)), address, 'an address of this chain')
  })
  const good = canonical.filter((address) => address !== BAD)
  // Sorted, because a scope is a set: the order in the file has no meaning.
  return good.length === given.length ? [...new Set(good)].sort() : BAD
}
