import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { ENGINES, type StorePlace } from '../store/engines.ts'
import { type ServeProcess, startServe } from './steelyard.ts'

/** The number of kills, the number of concurrent senders, and the number of answers before each kill. */
const LIVES = 5
const SENDERS = 8
const ANSWERS = 40

/** A configuration over a store. */
function configure({ url }: StorePlace): string {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-ledger-kill-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'steelyard.yaml')
  writeFileSync(file, stringify({ listen: { port: 0 }, store: url, chains: [{ id: 'ledger:main' }] }))
  return file
}

type Said = { readonly status: number; readonly text: string }

async function post(target: string, body: object, key: string): Promise<Said> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const response = await fetch(target, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

const move = (url: string, key: string): Promise<Said> =>
  post(`${url}/api/tokens/transfer`, { asset_id: 'GILT', amount: 1, from_wallet: 'bank', to_wallet: `to-${key}` }, key)

type Row = {
  readonly sequence: number
  readonly type: string
  readonly transaction_id?: string
  readonly to_wallet: string
}
type Page = { readonly transactions: readonly Row[]; readonly next: number; readonly has_more: boolean }

/** Every accepted operation, oldest first. */
async function record(url: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after = 0; ; ) {
    const response = await fetch(`${url}/api/tokens/transactions?limit=100&after=${after}`)
    const page: Page = JSON.parse(await response.text())
    rows.push(...page.transactions)
    if (!page.has_more) return rows
    after = page.next
  }
}

/**
 * Sends from all senders until there are enough answers, then kills the server. Returns the answers and the sent keys.
 */
async function live(server: ServeProcess, life: number): Promise<{ answered: Map<string, Said>; sent: Set<string> }> {
  const answered = new Map<string, Said>()
  const sent = new Set<string>()
  let killed: Promise<unknown> | undefined
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let count = 0; killed === undefined; count++) {
      const key = `${life}-${sender}-${count}`
      sent.add(key)
      try {
        answered.set(key, await move(server.url, key))
      } catch {
        // The server was killed before it answered, so the result is unknown.
        return
      }
      if (answered.size >= ANSWERS) killed ??= server.end('SIGKILL')
    }
  })
  await Promise.all(senders)
  await killed
  return { answered, sent }
}

test.each(ENGINES.filter(({ isFull }) => isFull))(
  '$name: killed during writes, again and again: answered operations are kept, and each retry has one result',
  async ({ makePlace }) => {
    const place = await makePlace()
    onTestFinished(() => place.end())
    const file = configure(place)
    let server = await startServe(file)
    await post(`${server.url}/api/assets`, { asset_id: 'GILT' }, 'register')
    const mint = { asset_id: 'GILT', amount: 1_000_000, recipient_wallet_address: 'bank' }
    expect((await post(`${server.url}/api/tokens/mint`, mint, 'mint')).status).toBe(200)
    const keys = new Set<string>()
    for (let life = 0; life < LIVES; life++) {
      const { answered, sent } = await live(server, life)
      expect([...answered.values()].map(({ status }) => status)).toEqual([...answered].map(() => 200))
      server = await startServe(file)
      for (const key of sent) {
        const again = await move(server.url, key)
        expect(again).toEqual(answered.get(key) ?? { status: 200, text: expect.stringContaining(`to-${key}"`) })
        keys.add(key)
      }
    }
    expect(keys.size).toBeGreaterThanOrEqual(LIVES * ANSWERS)

    const rows = await record(server.url)
    const moves = rows.filter(({ type }) => type === 'transfer')
    expect(moves.map(({ to_wallet }) => to_wallet).sort()).toEqual([...keys].map((key) => `to-${key}`).sort())
    expect(moves.map((row) => row.transaction_id)).toEqual(moves.map((_, index) => `TX-${index + 1}`))
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1))
    const bank = await fetch(`${server.url}/api/tokens/balance?asset_id=GILT&wallet_address=bank`)
    expect(await bank.text()).toContain(`"balance":${1_000_000 - keys.size}}`)
    expect(await server.end('SIGINT')).toBe(0)
  },
  120_000,
)
