import type { ChainProver, KindDefinition, ProverOptions } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import { HTTP_URL, isHttpUrl } from '../config/words.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { STANDARD_RULES, standardOf, TOKEN_STANDARDS } from '../core/standards.ts'
import type { Selection } from '../verify/pages.ts'
import { UsageError } from './outcome.ts'

/** Most pairs of given accounts and tokens: each pair that is not stored costs a read of the chain. */
const MAX_PAIRS = 10_000

/** A chain to verify, and which of its balances. */
export type Target = Candidate & { readonly selection: Selection }

/** A chain that can be compared with its nodes. */
export type Candidate = {
  readonly chain: ChainConfig
  readonly kind: Pick<KindDefinition, 'parseAddress' | 'parseToken'> & { readonly nativeAsset?: AssetRef | undefined }
  readonly createProver: (options: ProverOptions) => ChainProver
}

/** The configured chains that have nodes and a prover. */
export function candidatesOf(
  chains: readonly ChainConfig[],
  kindOf: (chain: ChainId) => KindDefinition | undefined,
): readonly Candidate[] {
  return chains.flatMap((chain) => {
    const kind = kindOf(chain.id)
    if (kind?.source !== 'nodes' || kind.createProver === undefined) return []
    return [{ chain, kind, createProver: kind.createProver }]
  })
}

/** The selection on the command line. */
export type Named = {
  readonly chain: string | undefined
  readonly tokens: readonly string[]
  readonly accounts: readonly string[]
  /** Nodes to ask instead of the configured ones. */
  readonly rpc: readonly string[]
}

/**
 * The chains to verify, and which balances of each.
 * @throws UsageError naming the option; also when a token or account is valid on none of the chains
 */
export function selectTargets(candidates: readonly Candidate[], named: Named): readonly Target[] {
  const { chain, tokens, accounts, rpc } = named
  const chosen = candidates.filter((candidate) => chain === undefined || candidate.chain.id === chain)
  if (chosen.length === 0) {
    const known = candidates.map((candidate) => candidate.chain.id).join(', ')
    if (chain === undefined) throw new UsageError('no configured chain has nodes to compare with')
    throw new UsageError(`--chain: got ${JSON.stringify(chain)}, expected a configured chain with nodes: ${known}`)
  }
  if (rpc.length > 0 && chosen.length > 1) throw new UsageError('--rpc: name its chain with --chain')
  const odd = rpc.find((url) => !isHttpUrl(url))
  if (odd !== undefined) throw new UsageError(`--rpc: got ${JSON.stringify(odd)}, expected ${HTTP_URL}`)
  if (tokens.length * accounts.length > MAX_PAIRS) {
    throw new UsageError(`--token and --account: at most ${MAX_PAIRS} pairs at a time`)
  }
  for (const token of tokens) mustBeSomewhere('--token', token, (one) => assetsOf(token, one).length > 0)
  for (const account of accounts) {
    mustBeSomewhere('--account', account, ({ kind }) => kind.parseAddress(account) !== undefined)
  }
  return chosen.flatMap((candidate) => targetOf(candidate, named))

  function mustBeSomewhere(option: string, given: string, isThere: (candidate: Candidate) => boolean): void {
    if (chosen.some(isThere)) return
    const expected = option === '--token' ? 'an address or a CAIP-19 asset of a chosen chain' : 'an address'
    throw new UsageError(`${option}: got ${JSON.stringify(given)}, expected ${expected}`)
  }
}

/** Empty if the command line names tokens or accounts, and none of them belongs to this chain. */
function targetOf(candidate: Candidate, { tokens, accounts, rpc }: Named): readonly Target[] {
  const { chain, kind } = candidate
  const assets = tokens.flatMap((token) => assetsOf(token, candidate))
  const addresses = accounts.flatMap((account) => kind.parseAddress(account) ?? [])
  if ((tokens.length > 0 && assets.length === 0) || (accounts.length > 0 && addresses.length === 0)) return []
  const selection: Selection = {
    assets: tokens.length === 0 ? undefined : assets,
    accounts: accounts.length === 0 ? undefined : [...new Set(addresses)],
  }
  return [{ ...candidate, chain: rpc.length === 0 ? chain : { ...chain, rpc }, selection }]
}

/**
 * The assets that a text may mean on a chain. CAIP-19 names one asset; an address means every asset that its contract
 * may be.
 */
function assetsOf(text: string, { chain, kind }: Candidate): readonly AssetRef[] {
  const [, chainText, namespace, reference = ''] = /^([^/]+)\/([a-z0-9]+):(.+)$/.exec(text) ?? []
  if (chainText === undefined) {
    const token = kind.parseToken(text)
    return token === undefined ? [] : TOKEN_STANDARDS.map((standard) => ({ standard, reference: token }))
  }
  if (chainText !== chain.id) return []
  const standard = standardOf(namespace ?? '')
  if (standard === undefined) return []
  const { nativeAsset } = kind
  if (!STANDARD_RULES[standard].isToken) return nativeAsset?.reference === reference ? [nativeAsset] : []
  const token = kind.parseToken(reference)
  return token === undefined ? [] : [{ standard, reference: token }]
}
