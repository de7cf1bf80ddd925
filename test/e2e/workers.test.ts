/** Several processes that answer on one port, and one that indexes, while some of them are killed. */
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, blockNumber, deploy, send, startAnvil } from '../nodes/anvil.ts'
import {
  type Answer,
  ask,
  healthOf,
  isRunning,
  makePlace,
  membersOf,
  type Place,
  type ServingProcess,
  startServing,
  until,
} from './serving-process.ts'
import { makeKey, steelyard } from './steelyard.ts'

const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const FREE_PER_MINUTE = 20
const MEMBERS = ['indexer', 'worker-1', 'worker-2']

let anvil: Anvil
let coin: Address
let place: Place
let key: string
let server: ServingProcess

beforeAll(async () => {
  anvil = await startAnvil()
  coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
  await pay(100n)
  place = await makePlace({
    chains: [{ id: 'eip155:31337', rpc: [anvil.url], poll_ms: 50 }, { id: 'ledger:main' }],
    dialects: { chainbase: { balance: 'decimal' }, spacescan: { free_per_minute: FREE_PER_MINUTE } },
  })
  server = await startServing(place.config, '--workers', '2')
  key = await makeKey(place.config)
  await answers(100n)
}, 120_000)
afterAll(async () => {
  const members = [...membersOf(server.pid).values()]
  expect(members).toHaveLength(3)
  expect(await server.end('SIGTERM')).toBe(0)
  expect(members.filter(isRunning)).toEqual([])
  await place.remove()
  await anvil.stop()
})

const pay = async (amount: bigint): Promise<void> =>
  void (await send(anvil, { name: 'Erc20', address: coin, functionName: 'mint', args: [ALICE, amount] }))

const balance = (): Promise<Answer> =>
  ask(`${server.url}/v1/account/tokens?chain_id=31337&address=${ALICE}&contract_address=${coin}`, {
    headers: { 'x-api-key': key },
  })

function amountOf({ text }: Answer): string | undefined {
  const { data }: { data: { balance: string }[] } = JSON.parse(text)
  return data[0]?.balance
}

/** Waits until several answers in a row, of all workers in turn, are this amount at the newest block. */
async function answers(amount: bigint): Promise<void> {
  const block = await blockNumber(anvil)
  await until(`all workers answer ${amount} at ${block}`, async () => {
    const seen = [await balance(), await balance(), await balance(), await balance()]
    return seen.every((one) => {
      const isThere = one.status === 200 && one.asOf.includes(`block=${block};`) && one.asOf.includes('source=events')
      return isThere && amountOf(one) === `${amount}`
    })
  })
}

const post = (path: string, body: object, idempotency: string): Promise<Answer> =>
  ask(server.url + path, { method: 'POST', headers: { 'idempotency-key': idempotency }, body })

/** Kills a member and waits until it runs again as another process. */
async function killed(name: string): Promise<void> {
  const before = membersOf(server.pid).get(name)
  if (before === undefined) throw new Error(`${name} runs: ${server.log()}`)
  process.kill(before, 'SIGKILL')
  await until(`${name} runs again`, async () => {
    const now = membersOf(server.pid).get(name)
    return now !== undefined && now !== before
  })
}

test('each process has a name, in its log lines too', async () => {
  expect([...membersOf(server.pid).keys()].sort()).toEqual(MEMBERS)
  for (const member of MEMBERS) expect(server.log()).toContain(`"member":"${member}"`)
})

test('metrics are one answer: both workers count, the store appears once', async () => {
  for (let asked = 0; asked < 10; asked++) await balance()
  const { text } = await ask(`${server.url}/metrics`)
  const counted = [...text.matchAll(/steelyard_http_requests_total\{(.*route="\/v1\/account\/tokens".*)\} (\d+)/g)]
  const workers = counted.map(([, labels = '']) => /worker="([^"]+)"/.exec(labels)?.[1]).sort()
  expect(workers).toEqual(['worker-1', 'worker-2'])
  for (const [, , count] of counted) expect(Number(count)).toBeGreaterThanOrEqual(5)
  expect(text.match(/^steelyard_chain_up\{.*\} 1$/gm)).toEqual([
    'steelyard_chain_up{chain="eip155:31337"} 1',
    'steelyard_chain_up{chain="ledger:main"} 1',
  ])
  expect(text.match(/^steelyard_http_request_seconds_count\{.*route="\/v1\/account\/tokens".*\}/gm)).toHaveLength(2)
})

test('a limit counts once over all workers', async () => {
  const seen = await Promise.all(
    Array.from({ length: 3 * FREE_PER_MINUTE }, () => ask(`${server.url}/tokens?network=mainnet`)),
  )
  expect(seen.filter(({ status }) => status !== 429)).toHaveLength(FREE_PER_MINUTE)
})

test('a killed worker starts again; the others go on, and no answer is wrong', async () => {
  let isLoaded = true
  const bad: string[] = []
  const done = { answered: 0, broken: 0 }
  const load = Array.from({ length: 8 }, async () => {
    while (isLoaded) {
      try {
        const answer = await balance()
        done.answered += 1
        if (answer.status !== 200 || amountOf(answer) !== '100') bad.push(`${answer.status} ${answer.text}`)
      } catch {
        // The connection was one of the killed worker.
        done.broken += 1
      }
    }
  })
  for (const name of ['worker-1', 'worker-2', 'worker-1']) {
    const before = done.answered
    await killed(name)
    await until('others answer', async () => done.answered > before + 20)
    await until(`${name} answers again`, async () => {
      const { text } = await ask(`${server.url}/metrics`).catch(() => ({ text: '' }))
      return text.includes(`worker="worker-1"`) && text.includes(`worker="worker-2"`)
    })
  }
  isLoaded = false
  await Promise.all(load)
  expect(bad).toEqual([])
  // At most what was under way on each of the killed workers.
  expect(done.broken).toBeLessThanOrEqual(3 * 8)
}, 120_000)

test('a killed indexer takes the lease again, and answers go on meanwhile', async () => {
  await killed('indexer')
  const answer = await balance()
  expect([answer.status, amountOf(answer)]).toEqual([200, '100'])
  await pay(1n)
  await answers(101n)
  await until('the chain is live', async () => (await healthOf(server.url)).state === 'live')
}, 120_000)

const SENDERS = 8
const OPERATIONS = 400

test('the ledger that all workers write has each operation once, in one order, though workers are killed', async () => {
  const accepted = async (path: string, body: object, id: string): Promise<void> => {
    // An answer that was lost is asked for again with the same key.
    await until(`${id} is accepted`, async () => {
      const { status } = await post(path, body, id).catch(() => ({ status: 0 }))
      return status === 200 || status === 201
    })
  }
  await accepted('/api/assets', { asset_id: 'GILT', name: 'Gilt', symbol: 'GLT' }, 'asset')
  await accepted('/api/wallets', { wallet_address: 'bank' }, 'wallet')
  await accepted('/api/tokens/mint', { asset_id: 'GILT', amount: OPERATIONS, recipient_wallet_address: 'bank' }, 'mint')
  let next = 0
  const senders = Array.from({ length: SENDERS }, async () => {
    while (next < OPERATIONS) {
      const id = `move-${next++}`
      const body = { asset_id: 'GILT', amount: 1, from_wallet: 'bank', to_wallet: `to-${id}` }
      await accepted('/api/tokens/transfer', body, id)
    }
  })
  for (const name of ['worker-2', 'worker-1']) await killed(name)
  await Promise.all(senders)
  const receivers: string[] = []
  for (let after = 0, more = true; more; ) {
    const { text } = await ask(`${server.url}/api/tokens/transactions?limit=100&after=${after}`)
    const page: {
      transactions: { sequence: number; type: string; to_wallet: string }[]
      next: number
      has_more: boolean
    } = JSON.parse(text)
    const sequences = page.transactions.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index))
    receivers.push(...page.transactions.flatMap((row) => (row.type === 'transfer' ? [row.to_wallet] : [])))
    more = page.has_more
    after = page.next
  }
  expect(receivers.sort()).toEqual(Array.from({ length: OPERATIONS }, (_, index) => `to-move-${index}`).sort())
  const { code, out, err } = await steelyard(['ledger', 'verify', '--config', place.config])
  expect(code, out + err).toBe(0)
}, 180_000)

test('a port that is taken, and a group whose parent is killed', async () => {
  const { port } = new URL(server.url)
  const taken = await steelyard(['serve', '--config', place.config, '--workers', '2'], { STEELYARD_LISTEN_PORT: port })
  expect(taken.code).toBe(1)
  expect(taken.err.match(/cannot listen on/g)).toHaveLength(1)

  const lone = await makePlace({ chains: [{ id: 'ledger:main' }] })
  const group = await startServing(lone.config, '--workers', '2')
  const members = [...membersOf(group.pid).values()]
  expect(members).toHaveLength(3)
  await group.end('SIGKILL')
  await until('all members end with their parent', async () => !members.some(isRunning))
  await lone.remove()
}, 120_000)

test.each([
  [['--workers', '0'], 'expected a number from 1 to 64'],
  [['--workers', '-1'], 'expected a number from 1 to 64'],
  [['--workers', 'x'], 'expected a number from 1 to 64'],
  [['--workers', '1000'], 'expected a number from 1 to 64'],
  [['--role', 'nonsense'], 'Allowed choices are api, indexer, all'],
  [['--role', 'indexer', '--workers', '2'], 'a process with --role indexer does not answer'],
])('%j is wrong use', async (options, said) => {
  const { code, err } = await steelyard(['serve', '--config', place.config, ...options])
  expect([code, err]).toEqual([2, expect.stringContaining(said)])
})
