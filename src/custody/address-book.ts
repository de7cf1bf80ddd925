import type { Kind } from '../core/chain.ts'
import type { Wallet, WatchedAddress } from '../core/custody.ts'
import { ServiceError } from '../core/errors.ts'
import type { AddedAddress, CustodyStore, FamilyAddress } from '../store/seam/custody.ts'
import type { CustodyChain, CustodyChains } from './chains.ts'
import type { Addresses } from './custody.ts'
import { parseMetadata } from './wallet-book.ts'

/** Most addresses of a wallet: its pages stay cheap at any number, but a limit keeps a runaway script from filling the disk. */
const MAX_ADDRESSES = 100_000

/** The dependencies of `createAddresses`. `now`: Unix seconds. */
export type AddressDeps = {
  readonly store: Pick<CustodyStore, 'wallets' | 'addresses'>
  readonly chains: CustodyChains
  /** Lists what the address holds, and reads it for the first time. Must not throw because of a node. */
  readonly watched: (at: FamilyAddress) => Promise<void>
  readonly now: () => number
}

/** The addresses of custody wallets. */
export function createAddresses({ store, chains, watched, now }: AddressDeps): Addresses {
  const added = async (outcome: AddedAddress): Promise<WatchedAddress | undefined> => {
    if (outcome === 'full') throw badRequest(`the wallet has ${MAX_ADDRESSES} addresses already, which is the most`)
    if (outcome === 'none') throw badRequest('the extended public key of the wallet has no further address')
    if (outcome !== undefined) await watched(outcome)
    return outcome
  }
  return {
    watch: async ({ principal, wallet, family, address: text }) => {
      const of = { principal, wallet }
      const found = await store.wallets.get(of)
      if (found === undefined) return undefined
      const { parseAddress, zeroAddress } = mustTakeAddress(found, chains, family)
      const address = parseAddress(text)
      if (address === undefined) throw badRequest('the text is not an address of this type of chain')
      if (address === zeroAddress) throw badRequest('the zero address belongs to nobody')
      return added(await store.addresses.add({ ...of, family, address, at: now(), max: MAX_ADDRESSES }))
    },
    deriveNext: async ({ principal, wallet, family }) => {
      const of = { principal, wallet }
      const found = await store.wallets.get(of)
      if (found === undefined) return undefined
      const { deriveAddress } = mustTakeAddress(found, chains, family)
      if (deriveAddress === undefined) throw badRequest('addresses of this type of chain cannot be derived: give one')
      const xpub = parseMetadata(found.metadata).get('xpub')
      if (typeof xpub !== 'string') throw badRequest('the metadata of the wallet has no xpub')
      if (deriveAddress(xpub, 0) === undefined) throw badRequest('the xpub of the wallet is not an extended public key')
      const addressAt = (index: number): string | undefined => deriveAddress(xpub, index)
      return added(await store.addresses.addNext({ ...of, family, addressAt, at: now(), max: MAX_ADDRESSES }))
    },
    list: async (query) => store.addresses.page(query),
  }
}

/** Returns a chain of the family. @throws BAD_REQUEST no address of the family can be added to the wallet */
function mustTakeAddress({ status }: Wallet, chains: CustodyChains, family: Kind): CustodyChain {
  if (status === 'archived') throw badRequest('the wallet is archived')
  const [chain] = chains.ofFamily(family)
  if (chain === undefined) throw badRequest('no chain of this type is configured')
  return chain
}

function badRequest(message: string): ServiceError {
  return new ServiceError('BAD_REQUEST', message)
}
