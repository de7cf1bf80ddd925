/** A walk over the balances of many wallets on one kept connection, while the chain's only node is dead. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stringify } from 'yaml'
import { kindOf } from '../../src/chains/registry.ts'
import { assert } from '../../src/core/assert.ts'
import { mine, startAnvil } from '../nodes/anvil.ts'
import type { StorePlace } from '../store/engines.ts'
import { CoboClient } from './cobo-client.ts'
import { makeKey, startServe } from './steelyard.ts'

const BALANCES = '/api/v1/wallets/balances'
/** One forced read for this many wallets. */
const REFRESH_EVERY = 50

const addressOf = (index: number): string => `0xcc${index.toString(16).padStart(38, '0')}`

/** Adds wallets with an address each, as the server does. Returns their uuids. */
async function addWallets({ open }: StorePlace, count: number): Promise<readonly string[]> {
  const codecOf = (chain: Parameters<typeof kindOf>[0]) => {
    const kind = kindOf(chain)
    assert(kind !== undefined, 'the kind is known')
    return kind.accountCodec
  }
  const store = await open({ codecOf })
  const { wallets, addresses } = store.custody
  const uuids: string[] = []
  for (let index = 0; index < count; index++) {
    const uuid = randomUUID()
    const times = { createdAt: 1, updatedAt: 1 }
    const named = { type: 'Custodial', name: `wallet ${index}`, status: 'active', metadata: '{}' } as const
    await wallets.add({ uuid, principal: 'desk', ...named, ...times }, count)
    await addresses.add({ principal: 'desk', wallet: uuid, family: 'evm', address: addressOf(index), at: 1, max: 9 })
    uuids.push(uuid)
  }
  return uuids
}

/** How many balances are known. */
async function countKnown(client: CoboClient): Promise<number> {
  let known = 0
  for (let after: string | null = ''; after !== null; ) {
    const { rows, meta } = await client.rows(`${BALANCES}?limit=200&after=${after}`)
    known += rows.length
    after = meta.after
  }
  return known
}

/** The time of each balance by its id, over all pages. Fails on a row that comes twice, and on a page that is not full. */
async function walk(
  client: CoboClient,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>()
  let after: string | null = null
  for (let page = 0; ; page++) {
    const { rows, meta } = await client.rows(`${BALANCES}?limit=50${after === null ? '' : `&after=${after}`}`)
    for (const { id, balance_updated_at: at } of rows) {
      expect(seen.has(id ?? '')).toBe(false)
      seen.set(id ?? '', at ?? '')
    }
    after = meta.after
    if (after === null) return seen
    expect(rows).toHaveLength(50)
    await between(page)
  }
}

/**
 * Walks over the wallets of a server whose node dies: page by page, with forced reads in between, and wallet by wallet. Every
 * answer is 200 on one connection, and no balance gets another time. Ends the place.
 */
export async function walkOverWallets(place: StorePlace, count: number): Promise<void> {
  const anvil = await startAnvil()
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-e2e-walk-'))
  const file = join(folder, 'steelyard.yaml')
  const chains = [{ id: 'eip155:31337', rpc: [anvil.url], poll_ms: 100 }]
  writeFileSync(file, stringify({ listen: { port: 0 }, store: place.url, chains }))
  const uuids = await addWallets(place, count)
  const key = await makeKey(file, '--principal', 'desk', '--scope', 'wallet:read')
  const server = await startServe(file)
  const client = new CoboClient(server.url, key, 1)
  try {
    const deadline = Date.now() + 120_000
    while ((await countKnown(client)) < count) {
      if (Date.now() > deadline) throw new Error(`only ${await countKnown(client)} of ${count} are known`)
      // Each new block has a budget of reads.
      await mine(anvil)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    await anvil.stop()
    const before = await walk(client)
    const refresh = async (index: number): Promise<void> => {
      const { rows } = await client.rows(`${BALANCES}?force_refresh=true&address=${addressOf(index)}`)
      expect(rows.map(({ id, balance_updated_at: at }) => [id, at])).toEqual([
        [rows[0]?.id, before.get(rows[0]?.id ?? '')],
      ])
    }
    const again = await walk(client, (page) => refresh(page % count))
    expect([...again]).toEqual([...before])
    for (const [index, uuid] of uuids.entries()) {
      const { rows } = await client.rows(`${BALANCES}?wallet_uuid=${uuid}`)
      expect(rows.map(({ wallet_uuid: of, balance_updated_at: at }) => [of, at])).toEqual([
        [uuid, before.get(rows[0]?.id ?? '')],
      ])
      if (index % REFRESH_EVERY === 0) await refresh(index)
    }
    expect(client.connections).toBe(1)
  } finally {
    client.close()
    await server.end('SIGINT')
    await anvil.stop()
    await place.end()
    rmSync(folder, { recursive: true, force: true })
  }
}
