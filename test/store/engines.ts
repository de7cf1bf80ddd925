import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecords } from '../../src/store/open.ts'
import type { Records } from '../../src/store/seam/records.ts'
import { makeSchema } from '../postgres/test-schema.ts'

/** An empty place for a store. */
export type StorePlace = {
  readonly url: string
  /** Opens the store there: also several at a time, as several processes do. All are closed at the end. */
  readonly open: () => Promise<Records>
  /** Closes what is open, and deletes the place. */
  readonly end: () => Promise<void>
}

async function place(url: string, remove: () => void | Promise<void>): Promise<StorePlace> {
  const opened: Records[] = []
  return {
    url,
    open: async () => {
      const store = await openRecords({ url, create: true })
      opened.push(store)
      return store
    },
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
      return place(`sqlite:${folder}`, () => rmSync(folder, { recursive: true }))
    },
  },
  {
    name: 'postgres',
    makePlace: async () => {
      const { url, end } = await makeSchema()
      return place(url, end)
    },
  },
]
