import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HEX_ACCOUNTS } from '../../src/core/account.ts'
import type { ChainId } from '../../src/core/chain.ts'
import { openStore } from '../../src/store/open.ts'
import { chainSchemas } from '../../src/store/postgres/chain/chain-place.ts'
import type { Store } from '../../src/store/seam/store.ts'
import { makeSchema } from '../postgres/test-schema.ts'
import { dumpChain, dumpTables } from './dump.ts'

type OpenOptions = Pick<Parameters<typeof openStore>[0], 'codecOf' | 'classesOf'>

/** An empty place for a store. */
export type StorePlace = {
  readonly url: string
  /**
   * Opens the store there: also several at a time, as several processes do. All are closed at the end. Accounts are those of EVM
   * unless `codecOf` is given.
   */
  readonly open: (options?: OpenOptions) => Promise<Store>
  /** The facts of a chain as canonical lines, which are the same on all engines. */
  readonly dumpChain: (chain: ChainId) => Promise<readonly string[]>
  /** Closes what is open, and deletes the place. */
  readonly end: () => Promise<void>
}

type Opened = Pick<StorePlace, 'url' | 'dumpChain'> & { readonly remove: () => void | Promise<void> }

function place({ url, dumpChain: dump, remove }: Opened): StorePlace {
  const opened: Store[] = []
  return {
    url,
    open: async (options = {}) => {
      const store = await openStore({ url, create: true, codecOf: () => HEX_ACCOUNTS, ...options })
      opened.push(store)
      return store
    },
    dumpChain: dump,
    end: async () => {
      for (const store of opened) await store.close()
      await remove()
    },
  }
}

/** Every engine: suites of what all engines have loop over this list. */
export const ENGINES: readonly { readonly name: string; readonly makePlace: () => Promise<StorePlace> }[] = [
  {
    name: 'sqlite',
    makePlace: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'steelyard-store-'))
      return place({
        url: `sqlite:${folder}`,
        dumpChain: async (chain) => dumpChain(join(folder, `${chain.replace(':', '_')}.db`)),
        remove: () => rmSync(folder, { recursive: true }),
      })
    },
  },
  {
    name: 'postgres',
    makePlace: async () => {
      const { url, schema, query, end } = await makeSchema()
      return place({
        url,
        dumpChain: (chain) => {
          const { journal } = chainSchemas(schema, chain)
          return dumpTables((sql) => query(sql.replace(/ FROM (\w+)/, ` FROM ${journal}.$1`)))
        },
        remove: end,
      })
    },
  },
]
