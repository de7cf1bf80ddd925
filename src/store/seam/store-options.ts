import type { AccountCodec } from '../../core/account.ts'
import type { Accounting } from '../../core/asset.ts'
import type { ChainId } from '../../core/chain.ts'

/** How a store is opened: see `openStore`. */
export type StoreOptions = {
  readonly url: string
  readonly create: boolean
  readonly codecOf: (chain: ChainId) => AccountCodec
  readonly classesOf: (chain: ChainId) => ReadonlyMap<string, Accounting>
  readonly loadFolder: string | undefined
}
