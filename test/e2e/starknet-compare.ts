/** Compares what the server answers with the state of a simulated Starknet chain at the block that each answer names. */
import { expect } from 'vitest'
import type { Felt } from '../../src/demo/starknet/felt.ts'
import { ancestorAt, type StarknetBlock } from '../../src/demo/starknet/state.ts'
import { CAST } from '../starknet/node/cast.ts'
import {
  allTransfers,
  balanceAt,
  blockOf,
  canonical,
  metBy,
  minimal,
  type Placed,
  partiesOf,
  type StarknetWorld,
  storedAt,
  tokensAt,
} from './starknet-world.ts'
import type { Serving } from './steelyard.ts'

/** Most pairs of a batch call. */
const BATCH = 20
const FROM_THE_START = 'start_time=2000-01-01T00:00:00Z'

type Row = { account_address: string; token_address: string; balance: string | null }
type AccountRow = { token: { address: string }; balance: string | null }

/** Waits until the newest block is indexed and audited, and nothing is in doubt. */
export async function untilAudited(server: Serving, world: StarknetWorld): Promise<void> {
  const { number, hash } = world.chain.head
  await server.healthy(({ state, checkpoint, audit }) => {
    const isThere = state === 'live' && checkpoint?.number === number && checkpoint.hash === hash
    return isThere && audit?.block === number && audit.in_doubt === undefined
  })
  while ((await server.get('/ready')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** The block of an answer. Not uniform: it is the oldest of several, and rows are of any block up to the head. */
type AsOf = { readonly block: StarknetBlock; readonly uniform: boolean; readonly head: StarknetBlock }

function asOf(world: StarknetWorld, response: Response): AsOf {
  const header = response.headers.get('balance-as-of') ?? ''
  const match = /^"([^"]+)";block=(\d+);hash="(0x[0-9a-f]+)";/.exec(header)
  if (match?.[1] !== world.id) throw new Error(`no block of the chain: ${header}`)
  const block = blockOf(world, { number: Number(match[2]), hash: match[3] ?? '' })
  return { block, uniform: !header.includes('uniform=?0'), head: world.chain.head }
}

/** A row of an answer of one block has the amount of that block, else that of one from it to the head. */
function expectAmount(
  { block, uniform, head }: AsOf,
  token: Felt,
  { of, balance }: { of: Felt; balance: string | null },
): void {
  const truth = amountAt(block, token, of)
  for (let at = head; !uniform && balance !== truth; ) {
    if (balance === amountAt(at, token, of)) return
    if (at === block || at.parent === undefined) break
    at = at.parent
  }
  expect(balance, `${token} of ${of}`).toBe(truth)
}

/** What the answer must be: the contract's, or for the contract that answers none, what its events add up to. */
function amountAt(block: StarknetBlock, token: Felt, account: Felt): string {
  return (balanceAt(block, token, account) ?? storedAt(block, token, account)).toString()
}

/**
 * Compares the single call for one of `every` pairs, every third time with a forced read, and batches for all. Returns
 * the number of compared balances.
 */
export async function compareSingles(server: Serving, world: StarknetWorld, every = 1): Promise<number> {
  const tokens = tokensAt(world.chain.head)
  const accounts = [...CAST.accounts, CAST.sequencer]
  const pairs = accounts.flatMap((account) => tokens.map((token) => [account, token] as const))
  let compared = 0
  for (const [nth, [account, token]] of pairs.filter((_, at) => at % every === 0).entries()) {
    const query = `account_address=${account}&token_address=${token}&force_refresh=${nth % 3 === 0}`
    const response = await server.get(`/api/balance/?${query}`)
    if (response.status === 502 && balanceAt(world.chain.head, token, account) === undefined) continue
    expect(response.status, `${token} of ${account}`).toBe(200)
    const { data } = (await response.json()) as { data: Row }
    expect(data, `${token} of ${account}`).toMatchObject({
      account_address: canonical(account),
      token_address: canonical(token),
      balance: amountAt(asOf(world, response).block, token, account),
    })
    compared++
  }
  for (let at = 0; at < pairs.length; at += BATCH) {
    compared += await compareBatch(server, world, pairs.slice(at, at + BATCH))
  }
  return compared
}

async function compareBatch(
  server: Serving,
  world: StarknetWorld,
  pairs: readonly (readonly [account: Felt, token: Felt])[],
): Promise<number> {
  const balances = pairs.map(([account_address, token_address]) => ({ account_address, token_address }))
  const response = await fetch(`${server.url}/api/balances/`, {
    method: 'POST',
    headers: { 'api-key': server.key, 'content-type': 'application/json' },
    body: JSON.stringify({ balances }),
  })
  const { data, errors } = (await response.json()) as { data: Row[]; errors: Row[] | null }
  const at = asOf(world, response)
  expect(response.status).toBe(200)
  for (const { account_address, token_address, balance } of data) {
    expectAmount(at, minimal(token_address), { of: minimal(account_address), balance })
  }
  for (const { account_address, token_address } of errors ?? []) {
    expect(balanceAt(at.block, minimal(token_address), minimal(account_address)), token_address).toBeUndefined()
  }
  expect(data.length + (errors?.length ?? 0)).toBe(pairs.length)
  return data.length
}

/** Compares the lists of all accounts. Returns the number of rows. */
export async function compareLists(server: Serving, world: StarknetWorld): Promise<number> {
  const transfers = allTransfers(world.chain.head)
  let compared = 0
  for (const account of partiesOf(transfers)) {
    const response = await server.get(`/api/account-balances/?account_address=${account}`)
    const { data, count } = (await response.json()) as { data: AccountRow[]; count: number }
    const at = asOf(world, response)
    expect([response.status, count]).toEqual([200, data.length])
    const met = metBy(allUntil(transfers, at.uniform ? at.block : at.head), account)
    const rows = data.map(({ token }) => minimal(token.address))
    expect(
      rows.filter((token) => met.includes(token)),
      `order of ${account}`,
    ).toEqual(met)
    // A row that no event names: a read found a balance there.
    for (const token of rows) expect(met.includes(token) || world.chain.odd.has(token), token).toBe(true)
    for (const { token, balance } of data) {
      expectAmount(at, minimal(token.address), { of: account, balance })
      compared++
    }
  }
  const { response, body } = await read(server, '/api/account-balances/?account_address=0x77')
  expect([response.status, body]).toEqual([200, { success: true, count: 0, data: [] }])
  return compared
}

function allUntil(transfers: readonly Placed[], { number }: StarknetBlock): readonly Placed[] {
  return transfers.filter(({ block }) => block.number <= number)
}

async function read(server: Serving, path: string) {
  const response = await server.get(path)
  return { response, body: Object(await response.json()) }
}

/** Compares history, portfolio and transfers. Returns the number of rows. */
export async function comparePast(server: Serving, world: StarknetWorld): Promise<number> {
  const transfers = allTransfers(world.chain.head)
  let compared = 0
  for (const [nth, account] of partiesOf(transfers).entries()) {
    compared += await compareTransfers(server, transfers, { query: `account=${account}`, account })
    compared += await comparePortfolio(server, world, account)
    compared += await compareEarlier(server, world, { account, depth: 5 * nth + 1 })
    for (const token of nth % 3 === 0 ? metBy(transfers, account) : []) {
      compared += await compareHistory(server, world, { transfers, account, token })
    }
  }
  for (const token of tokensAt(world.chain.head)) {
    compared += await compareTransfers(server, transfers, { query: `token=${token}`, token })
  }
  for (const one of transfers.filter((_, at) => at % 40 === 0)) {
    const { number } = one.block
    compared += await compareTransfers(server, transfers, { query: `block=${number}`, number })
    const transaction = one.transaction
    for (const hash of [transaction, canonical(transaction), transaction.toUpperCase()]) {
      compared += await compareTransfers(server, transfers, { query: `txhash=${hash}`, transaction })
      compared += await compareTransfers(server, transfers, { query: `txhash=${hash}&block=${number}`, transaction })
    }
  }
  return compared
}

type Asked = {
  readonly query: string
  readonly account?: Felt
  readonly token?: Felt
  readonly number?: number
  readonly transaction?: Felt
}

async function compareTransfers(server: Serving, all: readonly Placed[], asked: Asked): Promise<number> {
  const { query, account, token, number, transaction } = asked
  const wanted = all.filter(
    (one) =>
      (account === undefined || one.from === account || one.to === account) &&
      (token === undefined || one.token === token) &&
      (number === undefined || one.block.number === number) &&
      (transaction === undefined || one.transaction === transaction),
  )
  const found: unknown[] = []
  for (let page = 1, pages = 1; page <= pages; page++) {
    const { response, body } = await read(server, `/api/transfers/?${query}&limit=100&page=${page}`)
    expect([response.status, body.count], query).toEqual([200, wanted.length])
    pages = body.total_pages
    found.push(...body.results)
  }
  const rows = found.map((row) => {
    const { block, event_index, nft_token_id, value, from_address, to_address, token_address, txhash } = Object(row)
    return [block, event_index, nft_token_id, value, from_address, to_address, token_address, txhash].join()
  })
  const truth = wanted.map((one) => {
    const item = one.standard === 'erc20' ? '' : (one.item ?? '')
    const parties = [one.from, one.to, one.token].map(canonical)
    return [one.block.number, one.position, item, one.amount, ...parties, one.transaction].join()
  })
  expect(rows.sort(), query).toEqual(truth.sort())
  return rows.length
}

async function comparePortfolio(server: Serving, world: StarknetWorld, account: Felt): Promise<number> {
  const { response, body } = await read(server, `/api/portfolio/?account_address=${account}`)
  const at = asOf(world, response)
  const { block } = at
  const holdings = new Map<Felt, string>(
    body.data.holdings.map((row: Row) => [minimal(row.token_address), row.balance ?? '']),
  )
  for (const [token, balance] of holdings) expectAmount(at, token, { of: account, balance })
  const met = metBy(allUntil(allTransfers(block), block), account)
  const positive = met.filter((token) => amountAt(block, token, account) !== '0')
  for (const token of positive) expect(holdings.has(token), `${token} of ${account}`).toBe(true)
  expect([...holdings.values()]).not.toContain('0')
  return holdings.size
}

/** A portfolio at a time between two blocks of the history is that of the first one. */
async function compareEarlier(
  server: Serving,
  world: StarknetWorld,
  { account, depth }: { account: Felt; depth: number },
): Promise<number> {
  const block = ancestorAt(world.chain.head, world.chain.head.number - depth)
  if (block === undefined || block.timestamp === ancestorAt(world.chain.head, block.number + 1)?.timestamp) return 0
  const time = new Date(block.timestamp * 1_000).toISOString()
  const { response, body } = await read(server, `/api/portfolio/?account_address=${account}&at_time=${time}`)
  expect(asOf(world, response).block.number, time).toBe(block.number)
  const rows: readonly Row[] = body.data.holdings
  const held = new Map(rows.map((row) => [minimal(row.token_address), row.balance]))
  const exact = metBy(allTransfers(block), account).filter((token) => !world.chain.odd.has(token))
  for (const token of exact) {
    const truth = amountAt(block, token, account)
    expect(held.get(token), `${token} of ${account} at ${time}`).toBe(truth === '0' ? undefined : truth)
  }
  return exact.length
}

async function compareHistory(
  server: Serving,
  world: StarknetWorld,
  { transfers, account, token }: { transfers: readonly Placed[]; account: Felt; token: Felt },
): Promise<number> {
  const path = `/api/balance-history/?account_address=${account}&token_address=${token}&${FROM_THE_START}`
  const { response, body } = await read(server, path)
  expect(response.status).toBe(200)
  const mine = transfers.filter((one) => one.token === token && (one.from === account || one.to === account))
  const events = [...new Map(mine.map((one) => [`${one.block.number} ${one.position}`, one])).values()]
  const rows: { block_number: number; event_index: number; balance: string | null }[] = body.data
  expect(
    rows.map((row) => [row.block_number, row.event_index]),
    path,
  ).toEqual(events.map((one) => [one.block.number, one.position]))
  for (const [at, { block_number, balance }] of rows.entries()) {
    const block = events[at]?.block
    if (block === undefined || rows[at + 1]?.block_number === block_number) continue
    const isOdd = world.chain.odd.has(token)
    if (isOdd && balance === null) continue
    expect(balance, `${token} of ${account} at ${block_number}`).toBe(amountAt(block, token, account))
  }
  return rows.length
}
