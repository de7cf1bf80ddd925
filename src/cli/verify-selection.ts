import type { ChainProver, KindDefinition, ProverOptions } from '../chains/adapter.ts'
import type { ChainConfig } from '../config/chains.ts'
import { HTTP_URL, isHttpUrl } from '../config/words.ts'
import { type AssetRef, STANDARDS } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { Selection } from '../verify/pages.ts'
import { UsageError } from './outcome.ts'

/** Most pairs of the accounts and tokens that are named: each that is not stored is asked of the chain. */
const MAX_PAIRS = 10_000

/** A chain to verify, and what of it. */
export type Target = Candidate & { readonly selection: Selection }

/** A chain that can be held against nodes. */
export type Candidate = {
  readonly chain: ChainConfig
  readonly kind: Pick<KindDefinition, 'parseAddress'> & { readonly nativeAsset: AssetRef }
  readonly createProver: (options: ProverOptions) => ChainProver
}

/** Of configured chains, those that nodes have and that can be held against them. */
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

/** What the command line names. */
export type Named = {
  readonly chain: string | undefined
  readonly tokens: readonly string[]
  readonly accounts: readonly string[]
  /** Other nodes than the configured ones. */
  readonly rpc: readonly string[]
}

/**
 * The chains that are to be verified, and what of each. A token or account that is none on any of them is wrong use.
 * @throws UsageError naming the option
 */
export function selectTargets(candidates: readonly Candidate[], named: Named): readonly Target[] {
  const { chain, tokens, accounts, rpc } = named
  const chosen = candidates.filter((candidate) => chain === undefined || candidate.chain.id === chain)
  if (chosen.length === 0) {
    const known = candidates.map((candidate) => candidate.chain.id).join(', ')
    if (chain === undefined) throw new UsageError('no chain is configured that a node could prove')
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

/** None where tokens or accounts are named, and none of them is of this chain. */
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

/** The assets that text may mean on a chain: CAIP-19 names one, an address all that its contract may be. */
function assetsOf(text: string, { chain, kind }: Candidate): readonly AssetRef[] {
  const [, chainText, namespace, reference = ''] = /^([^/]+)\/([a-z0-9]+):(.+)$/.exec(text) ?? []
  if (chainText === undefined) {
    const address = kind.parseAddress(text)
    const standards = STANDARDS.filter((standard) => standard !== 'native')
    return address === undefined ? [] : standards.map((standard) => ({ standard, reference: address }))
  }
  if (chainText !== chain.id) return []
  if (namespace === 'slip44') return reference === kind.nativeAsset.reference ? [kind.nativeAsset] : []
  const standard = STANDARDS.find((known) => known === namespace && known !== 'native')
  const address = kind.parseAddress(reference)
  return standard === undefined || address === undefined ? [] : [{ standard, reference: address }]
}
