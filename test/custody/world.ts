/** A real store with four chains, nodes with tables of balances, and custody over all of them. */
import { onTestFinished } from 'vitest'
import { ChainBalances } from '../../src/balances/chain-balances.ts'
import { ChainFunds } from '../../src/balances/chain-funds.ts'
import { NodeReader } from '../../src/balances/node-reader.ts'
import { kindOf } from '../../src/chains/registry.ts'
import type { AccountCodec } from '../../src/core/account.ts'
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { ChainId } from '../../src/core/chain.ts'
import { ServiceError } from '../../src/core/errors.ts'
import type { CustodyChain } from '../../src/custody/chains.ts'
import { createCustody } from '../../src/custody/create-custody.ts'
import type { CustodyBalance } from '../../src/custody/custody.ts'
import type { ChainReads, Store } from '../../src/store/seam/store.ts'
import type { Movement } from '../store/chains.ts'
import type { StorePlace } from '../store/engines.ts'
import { type Driven, drive, type FollowedFamily, NOW } from './driven-chain.ts'
import { makeTokens, openLedger } from './own-chain.ts'

/** How the accounts of any chain are encoded. */
const codecOf = (chain: ChainId): AccountCodec => {
  const kind = kindOf(chain)
  assert(kind !== undefined, `${chain} is of a known kind`)
  return kind.accountCodec
}

type WorldOptions = {
  readonly families?: readonly FollowedFamily[]
  readonly withLedger?: boolean
  readonly accounts?: number
}

/** Makes worlds in the places of an engine. */
export function custodyWorlds(makePlace: () => Promise<StorePlace>): (options?: WorldOptions) => Promise<CustodyWorld> {
  return async (options = {}) => custodyWorld(await makePlace(), options)
}

async function custodyWorld(place: StorePlace, options: WorldOptions) {
  const { families = ['evm'], withLedger = false, accounts = 9 } = options
  onTestFinished(() => place.end())
  /** Opens the store as another process does. */
  const open = (): Promise<Store> => place.open({ codecOf })
  const store = await open()
  const now = { at: NOW }
  const signal = new AbortController().signal
  const driven = new Map<FollowedFamily, Driven>()
  const chains: CustodyChain[] = []
  const followed: string[] = []
  const readsOf = new Map<ChainId, ChainReads>()
  for (const family of families) {
    const one = await drive(store, family, accounts)
    driven.set(family, one)
    readsOf.set(one.id, one.reads)
    chains.push(custodyChain(one, { now, signal, followed }))
  }
  const ledger = withLedger ? await openLedger(store, now) : undefined
  if (ledger !== undefined) {
    readsOf.set(ledger.chain.id, ledger.reads)
    chains.push(ledger.chain)
  }
  const decimals = new Map<string, number | undefined>()
  const tokens = makeTokens({ decimals, readsOf, ledger, now })
  const make = (over: Pick<Store, 'custody'> = store) =>
    createCustody({
      store: over.custody,
      chains,
      tokens,
      names: {
        ofChain: (chain) => [chain.replace(':', '_')],
        ofAsset: ({ chain, asset }) => [`${chain}_${asset.reference}`],
      },
      now: () => now.at,
      warn: (message, fields) => {
        throw new Error(`${message} ${JSON.stringify(fields)}`)
      },
    })
  const { custody, runOnce } = make()
  const of = (family: FollowedFamily): Driven => {
    const one = driven.get(family)
    assert(one !== undefined, `${family} is driven`)
    return one
  }
  return {
    open,
    store,
    custody,
    make,
    runOnce: () => runOnce(signal),
    of,
    now,
    followed,
    decimals,
    tokens,
    ledger,
    chains,
  }
}

export type CustodyWorld = Awaited<ReturnType<typeof custodyWorld>>

type Running = { readonly now: { at: number }; readonly signal: AbortSignal; readonly followed: string[] }

function custodyChain({ id, reads, node: table }: Driven, { now, signal, followed }: Running): CustodyChain {
  const kind = kindOf(id)
  assert(kind?.source === 'nodes', `${id} has nodes`)
  const node = new NodeReader({ adapter: table, observations: reads.observations, signal })
  const deps = { reads, node, now: () => now.at }
  const open = { reads, funds: new ChainFunds(deps), balances: new ChainBalances(deps) }
  return {
    id,
    family: kind.kind,
    isOwn: false,
    nativeAsset: kind.nativeAsset,
    zeroAddress: kind.accountCodec.zeroAddress,
    parseAddress: kind.parseAddress,
    deriveAddress: kind.deriveAddress,
    use: () => open,
    follow: (account) => void followed.push(account),
  }
}

/** A chain whose files cannot be read. */
export function stopped(chain: CustodyChain): CustodyChain {
  return {
    ...chain,
    use: () => {
      throw new ServiceError('STORE_DAMAGED', 'the file is damaged')
    },
  }
}

/** A movement of a fungible asset. Without `from` it is a mint. */
export function move(asset: AssetRef, amount: bigint, sides: { from?: string; to?: string }): Movement {
  return { asset, amount, from: sides.from, to: sides.to, item: 0 }
}

/** The four numbers of a row: spendable, pending, locked, total. */
export function four({ spendable, pending, locked, total }: CustodyBalance): readonly bigint[] {
  return [spendable, pending, locked, total]
}
