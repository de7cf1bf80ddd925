import type { Balances } from '../balances/balances.ts'
import type { ChainFunds } from '../balances/chain-funds.ts'
import type { AssetRef } from '../core/asset.ts'
import type { ChainId, Kind } from '../core/chain.ts'
import { isServiceError } from '../core/errors.ts'
import type { FamilyAddress } from '../store/seam/custody.ts'
import type { ChainReads } from '../store/seam/store.ts'

/** What custody reads of an open chain. */
export type OpenCustodyChain = {
  readonly reads: ChainReads
  readonly funds: ChainFunds
  readonly balances: {
    account(query: Omit<Parameters<Balances['account']>[0], 'chain'>): ReturnType<Balances['account']>
  }
}

/** A configured chain, as custody uses it. */
export type CustodyChain = {
  readonly id: ChainId
  readonly family: Kind
  /** The chain is written only here: it has no node. */
  readonly isOwn: boolean
  readonly nativeAsset: AssetRef | undefined
  readonly zeroAddress: string | undefined
  readonly parseAddress: (text: string) => string | undefined
  /** As `KindDefinition.deriveAddress`. */
  readonly deriveAddress: ((xpub: string, index: number) => string | undefined) | undefined
  /** @throws STORE_DAMAGED and similar codes: the chain is stopped; UNAVAILABLE: it is not open yet */
  readonly use: () => OpenCustodyChain
  /** Requests that the chain follow an account, if it follows accounts. Never throws. */
  readonly follow: (account: string) => void
}

/** The configured chains, in the order of the configuration. */
export class CustodyChains {
  readonly all: readonly CustodyChain[]
  readonly #byId: ReadonlyMap<ChainId, CustodyChain>

  constructor(chains: readonly CustodyChain[]) {
    this.all = chains
    this.#byId = new Map(chains.map((chain) => [chain.id, chain]))
  }

  get(id: ChainId): CustodyChain | undefined {
    return this.#byId.get(id)
  }

  ofFamily(family: Kind): readonly CustodyChain[] {
    return this.all.filter((chain) => chain.family === family)
  }

  /** The canonical address of text for every family that accepts it. */
  parseAddress(text: string): readonly FamilyAddress[] {
    const found = new Map<Kind, string>()
    for (const { family, parseAddress } of this.all) {
      const address = found.has(family) ? undefined : parseAddress(text)
      if (address !== undefined) found.set(family, address)
    }
    return [...found].map(([family, address]) => ({ family, address }))
  }
}

/** Returns what work on an open chain returns; undefined if the chain is stopped or its store cannot be read now. */
export async function ifOpen<T>(
  chain: CustodyChain,
  work: (open: OpenCustodyChain) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work(chain.use())
  } catch (error) {
    // One chain whose files cannot be read must not take the others with it: /health reports it.
    if (isServiceError(error)) return undefined
    throw error
  }
}
