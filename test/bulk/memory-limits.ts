/** How much memory a bulk load may take, whatever its chain has. */
import { expect } from 'vitest'
import { inFolder } from './built-file.ts'
import { loadInChild } from './load-in-child.ts'
import type { ShapeName } from './shaped-chain.ts'

/** What a load takes by itself: buffers, caches of SQLite, three isolates, and what V8 has not collected yet. */
const LOAD_BYTES = 450_000_000
/** For each token, over the whole of fetch, build and publishing: one with transfers, and one that cannot be decoded. */
const TOKEN_BYTES = 300
const UNDECODABLE_BYTES = 900

/** Loads so many events of a shape, and expects all of their rows and few bytes of memory. */
export async function expectBounded(shape: ShapeName, events: number): Promise<void> {
  await inFolder(async (folder) => {
    const { grownBytes, rows } = await loadInChild(folder, shape, events)
    const isUndecodable = shape === 'undecodable tokens'
    const tokens = shape === 'one account' || shape === 'one token' ? 1 : events
    const accounts = shape === 'one token' || shape === 'tokens of many accounts' ? events : 1
    expect(rows).toEqual({
      ...{ assets: tokens, accounts, balances: Math.max(tokens, accounts) },
      ...{ transfers: isUndecodable ? 0 : events, changes: isUndecodable ? 0 : events },
      ...{ hints: isUndecodable ? events : 0, turns: isUndecodable ? events : 0 },
    })
    expect(grownBytes).toBeLessThan(LOAD_BYTES + (isUndecodable ? UNDECODABLE_BYTES : TOKEN_BYTES) * tokens)
  })
}
