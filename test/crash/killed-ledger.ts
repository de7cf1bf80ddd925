import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stringify } from 'yaml'
import { randomFrom } from '../../src/demo/plan.ts'
import { type ServeProcess, startServe, steelyard } from '../e2e/steelyard.ts'
import type { StorePlace } from '../store/engines.ts'

const CLIENTS = 50
const ASSETS = ['GILT', 'BOND', 'NOTE']
const WALLETS = Array.from({ length: 30 }, (_, at) => `wallet-${at}`)

type Body = Readonly<Record<string, string | number>>
type Call = { readonly path: string; readonly body: Body }
type Said = { readonly status: number; readonly body: Body }

/** A mint, a transfer or a burn of a few tokens. About a third of them must be rejected. */
function makeCall(random: () => number): Call {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  const [asset_id, from, to] = [pick(ASSETS), pick(WALLETS), pick(WALLETS)]
  const amount = 1 + Math.floor(random() * 50)
  const kind = random()
  if (kind < 0.25) return { path: '/api/tokens/mint', body: { asset_id, amount, recipient_wallet_address: to } }
  if (kind < 0.85) return { path: '/api/tokens/transfer', body: { asset_id, amount, from_wallet: from, to_wallet: to } }
  return { path: '/api/tokens/burn', body: { asset_id, amount, holder_wallet_address: from } }
}

/** A server that is killed and restarted while clients keep sending requests. */
class MortalServer {
  readonly #file: string
  #serving: Promise<ServeProcess>
  kills = 0

  constructor(file: string) {
    this.#file = file
    this.#serving = startServe(file)
  }

  /** Repeats a request until it is answered, whatever happens to the server. */
  async ask({ path, body }: Call, key: string): Promise<Said> {
    for (;;) {
      const { url } = await this.#serving
      const headers = { 'content-type': 'application/json', 'idempotency-key': key }
      try {
        const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
        const answer: Body = JSON.parse(await response.text())
        // A server that is stopping, or that lost its store, answers with a 5xx status. The operation is not answered
        // yet.
        if (response.status < 500) return { status: response.status, body: answer }
      } catch {
        // The server was killed before it answered, so it is unknown whether the operation was done.
      }
    }
  }

  kill(): void {
    this.kills += 1
    const dying = this.#serving
    this.#serving = dying.then(async (server) => {
      await server.end('SIGKILL')
      return startServe(this.#file)
    })
  }

  current(): Promise<ServeProcess> {
    return this.#serving
  }
}

type Row = Body & {
  readonly sequence: number
  readonly type: string
  readonly asset_id: string
  readonly amount: number
}

async function trail(url: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after = 0; ; ) {
    const response = await fetch(`${url}/api/tokens/transactions?limit=1000&after=${after}`)
    const page: { transactions: Row[]; next: number; has_more: boolean } = JSON.parse(await response.text())
    rows.push(...page.transactions)
    if (!page.has_more) return rows
    after = page.next
  }
}

/** An operation as text, the same for its response and for its row of the audit trail. */
function told({ body }: Said): string {
  const id = body.token_id ?? body.transaction_id
  const amount = body.amount ?? body.amount_transferred ?? body.amount_burned
  const [from, to] = [body.from_wallet ?? body.holder_wallet_address, body.to_wallet ?? body.assigned_to]
  return [id, body.asset_id, amount, from ?? '-', to ?? '-'].join(' ')
}

/** How many operations are sent, and how often the server is killed meanwhile. */
export type KilledLedger = { readonly operations: number; readonly kills: number }

/**
 * Sends operations of 50 clients to a ledger whose server is killed again and again. Each must be acknowledged once, none may
 * be done twice, and all sums must be right. Ends the place.
 */
export async function killLedger(place: StorePlace, { operations, kills }: KilledLedger): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-ledger-crash-'))
  try {
    const file = join(folder, 'steelyard.yaml')
    const assets = ASSETS.map((asset_id) => ({ asset_id, reissue: true }))
    const given = { listen: { port: 0 }, store: place.url, chains: [{ id: 'ledger:main' }] }
    writeFileSync(file, stringify({ ...given, dialects: { 'abc-labs': { assets } } }))
    await killWhile(file, { operations, kills })
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await place.end()
  }
}

async function killWhile(file: string, { operations, kills }: KilledLedger): Promise<void> {
  const random = randomFrom(4)
  const calls = Array.from({ length: operations }, () => makeCall(random))
  const server = new MortalServer(file)
  const answers: Said[] = []
  let next = 0
  let answered = 0
  const client = async (): Promise<void> => {
    for (let at = next++; at < operations; at = next++) {
      const call = calls[at]
      if (call === undefined) return
      answers[at] = await server.ask(call, `key-${at}`)
      answered++
      if (server.kills < kills && answered >= ((server.kills + 1) * operations) / (kills + 1)) server.kill()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  expect(server.kills).toBe(kills)
  const { url, end, log } = await server.current()

  const accepted = answers.filter(({ status }) => status === 200)
  expect(accepted.length).toBeGreaterThan(operations / 4)
  expect(accepted.length).toBeLessThan(operations)
  const rows = (await trail(url)).filter(({ type }) => !type.startsWith('register'))
  expect(rows.map((row) => told({ status: 200, body: row })).sort()).toEqual(accepted.map(told).sort())
  expect(new Set(accepted.map(({ body }) => body.token_id ?? body.transaction_id)).size).toBe(accepted.length)

  const held = new Map<string, number>()
  const move = (asset: string, wallet: unknown, amount: number): void => {
    if (typeof wallet !== 'string') return
    const sum = (held.get(`${asset}/${wallet}`) ?? 0) + amount
    expect(sum).toBeGreaterThanOrEqual(0)
    held.set(`${asset}/${wallet}`, sum)
  }
  for (const { asset_id, amount, from_wallet, to_wallet } of rows) {
    move(asset_id, from_wallet, -amount)
    move(asset_id, to_wallet, amount)
  }
  for (const asset of ASSETS) {
    for (const wallet of WALLETS) {
      const response = await fetch(`${url}/api/tokens/balance?asset_id=${asset}&wallet_address=${wallet}`)
      expect(await response.json()).toMatchObject({ balance: held.get(`${asset}/${wallet}`) ?? 0 })
    }
  }
  // Verify supplies, hashes and everything that follows from them while the server runs, then again from what is
  // stored alone.
  const live = await steelyard(['ledger', 'verify', '--config', file])
  expect(live).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+:0x[0-9a-f]{64}\n$/) })
  expect(await end('SIGINT'), log()).toBe(0)
  const again = await steelyard(['ledger', 'verify', '--config', file, '--anchor', live.out.trim()])
  expect(again).toMatchObject({ code: 0, out: live.out })
}
