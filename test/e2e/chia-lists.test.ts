/** A token list makes coins findable that have no hint, of a TAIL that no answer and no followed block has shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { type Simulated, startTestWorld } from '../chia/node/start.ts'
import { type Serving, serve } from './steelyard.ts'

const CAT = { issuer: 1 }
/** Above the issue, so that a server that follows nobody need not read the block of it. */
const EMPTY_BLOCKS = 150

describe.skipIf(!hasSimulator())('the coins of a listed CAT without hints', () => {
  let world: Simulated
  let url: string
  let address: string
  let tail: string
  let folder: string

  beforeAll(async () => {
    world = await startTestWorld()
    const holder = await world.call('wallet', 2)
    address = holder.address
    tail = (await world.call('cat', CAT)).tail
    const outputs = [{ to: holder.puzzleHash, amount: 1_234n, memos: [] }]
    await world.call('mine', [{ do: 'issue', cat: CAT, outputs }])
    for (let n = 0; n < EMPTY_BLOCKS; n++) await world.call('mine', [])
    url = (await world.call('startNode')).url
    folder = mkdtempSync(join(tmpdir(), 'steelyard-chia-lists-'))
  })
  afterAll(async () => {
    await world.stop()
    rmSync(folder, { recursive: true })
  })

  /** What the server says that the address holds. `chain` follows nothing, so the first answer comes from coins. */
  async function balanceWith(more: Readonly<Record<string, unknown>>): Promise<unknown> {
    const server: Serving = await serve({ chains: [{ id: 'chia:simulator0', rpc: [url], poll_ms: 100 }], ...more })
    try {
      await server.healthy(({ state }) => state === 'live')
      const answer = await server.get(`/address/token-balance/${address}`)
      return Object(await answer.json()).data
    } finally {
      expect(await server.stop()).toBe(0)
    }
  }

  test('are found with the list, and by nobody without it', async () => {
    expect(await balanceWith({})).toEqual([])
    const file = join(folder, 'cats.json')
    const tokens = [{ asset_id: tail, name: 'Listed', symbol: 'LST' }]
    writeFileSync(file, JSON.stringify({ chain: 'chia:simulator0', tokens }))
    expect(await balanceWith({ tokens: { lists: [file] } })).toMatchObject([{ asset_id: tail, balance: 1.234 }])
  }, 180_000)
})
