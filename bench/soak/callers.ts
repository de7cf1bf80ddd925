import { randomFrom } from '../../src/demo/plan.ts'
import { answer, type Outcome, type Wire } from './wire.ts'

/** The server as callers see it: its address, a good key, and what to ask for. */
export type Served = {
  readonly url: string
  readonly key: string
  readonly accounts: readonly string[]
  readonly tokens: readonly string[]
  /** Decimal ids of a chain that has caught up, and of one in backfill. */
  readonly chains: { readonly ready: string; readonly filling: string }
}

/** A kind of caller, with its number of connections. Each connection repeats `act`. */
export type Caller = {
  readonly name: string
  readonly connections: number
  /** The right outcomes. Any other ends the soak with exit code 1. */
  readonly expects: readonly Outcome[]
  /** Pause between two acts of a connection, in milliseconds. */
  readonly pauseMs: number
  readonly act: (wire: Wire, nth: number) => Promise<Outcome>
}

const SEED = 23
/** How long a slow caller takes for what others do at once, in milliseconds. */
const SLOW_MS = 6_000
/** Requests that a caller sends without reading an answer. */
const UNREAD_REQUESTS = 40
const LARGE_BODY_BYTES = 400_000
const NESTED = 50_000

/** All kinds of callers: 200 connections in total. */
export function callersOf(served: Served): readonly Caller[] {
  const random = randomFrom(SEED)
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const get = (path: string, key = served.key): string => request('GET', path, { headers: { 'x-api-key': key } })
  const asking = (paths: (nth: number) => string) => (wire: Wire, nth: number) => wire.ask(get(paths(nth)))
  const good = goodPaths(served, pick)
  return [
    { name: 'good', connections: 104, expects: [200, 503], pauseMs: 40, act: asking((nth) => good(nth)) },
    {
      name: 'ledger writes',
      connections: 16,
      expects: [200, 201],
      pauseMs: 100,
      act: (wire, nth) => wire.ask(mint(nth)),
    },
    {
      name: 'bad keys',
      connections: 12,
      expects: [401, 403],
      pauseMs: 50,
      act: (wire, nth) => wire.ask(get(good(nth * 8), BAD_KEYS[nth % BAD_KEYS.length])),
    },
    {
      name: 'bad queries',
      connections: 16,
      expects: [400, 404, 405, 414, 422],
      pauseMs: 50,
      act: asking((nth) => BAD_PATHS[nth % BAD_PATHS.length] ?? '/nowhere'),
    },
    {
      name: 'bad bodies',
      connections: 16,
      expects: [400, 404, 405, 409, 413, 415, 422, 'closed'],
      pauseMs: 50,
      act: (wire, nth) => wire.ask(BAD_BODIES[nth % BAD_BODIES.length] ?? ''),
    },
    {
      name: 'bad HTTP',
      connections: 12,
      expects: [400, 404, 405, 408, 414, 417, 431, 501, 505, 'closed'],
      pauseMs: 50,
      act: (wire, nth) => wire.ask(BAD_HTTP[nth % BAD_HTTP.length] ?? ''),
    },
    { name: 'slow', connections: 8, expects: [200, 400, 408, 'closed'], pauseMs: 50, act: slow(get('/health')) },
    { name: 'not reading', connections: 4, expects: ['closed'], pauseMs: 50, act: notReading(get(good(0))) },
    {
      name: 'aborting',
      connections: 12,
      expects: ['closed'],
      pauseMs: 20,
      act: aborting((nth) => get(good(nth)), random),
    },
  ]
}

function goodPaths(served: Served, pick: <T>(list: readonly T[]) => T | undefined): (nth: number) => string {
  const { ready, filling } = served.chains
  const account = (): string => `address=${pick(served.accounts)}`
  const token = (): string => `contract_address=${pick(served.tokens)}`
  const paths: readonly (() => string)[] = [
    () => `/v1/account/tokens?chain_id=${ready}&${account()}`,
    () => `/v1/account/balance?chain_id=${ready}&${account()}`,
    () => `/v1/account/tokens?chain_id=${ready}&${account()}&${token()}`,
    () => `/v1/token/top-holders?chain_id=${ready}&${token()}&limit=100`,
    () => `/v1/token/transfers?chain_id=${ready}&${token()}&${account()}`,
    () => `/v1/token/metadata?chain_id=${ready}&${token()}`,
    () => `/v1/account/tokens?chain_id=${filling}&${account()}`,
    () => '/health',
  ]
  return (nth) => paths[nth % paths.length]?.() ?? '/health'
}

type CallerDeps = { readonly headers: Readonly<Record<string, string>>; readonly body?: string }

function request(method: string, path: string, { headers, body = '' }: CallerDeps): string {
  const lines = Object.entries({ host: 'soak', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const length = String(Buffer.byteLength(body))
  const all = { 'content-type': 'application/json', 'content-length': length, ...headers }
  return request('POST', path, { headers: all, body })
}

let minted = 0

function mint(nth: number): string {
  minted += 1
  const body = JSON.stringify({ asset_id: 'SOAK', amount: 1, recipient_wallet_address: `wallet-${nth % 100}` })
  return post('/api/tokens/mint', body, { 'idempotency-key': `soak-${minted}` })
}

const BAD_KEYS: readonly string[] = [
  '',
  'x',
  'demo1',
  'sk_'.padEnd(200, 'f'),
  '%00',
  '../../etc/passwd',
  'é'.repeat(50),
]

const ADDRESS = `0x${'a'.repeat(40)}`
const MANY = Array.from({ length: 101 }, (_, at) => `0x${String(at).padStart(40, '0')}`).join(',')
const BAD_PATHS: readonly string[] = [
  '/v1/account/tokens?chain_id=1',
  '/v1/account/tokens?chain_id=1&address=0x12',
  `/v1/account/tokens?chain_id=1&address=${ADDRESS}&limit=0`,
  `/v1/account/tokens?chain_id=1&address=${ADDRESS}&limit=1e9`,
  `/v1/account/tokens?chain_id=1&address=${ADDRESS}&page=-1`,
  `/v1/account/tokens?chain_id=999999&address=${ADDRESS}`,
  `/v1/account/balance?chain_id=1&address=${ADDRESS}&to_block=0x10`,
  `/v1/account/tokens?chain_id=1&address=${ADDRESS}&contract_address=${MANY}`,
  `/v1/token/holders?chain_id=1&contract_address=${'%F0%9F'.repeat(20)}`,
  `/v1/account/tokens?chain_id=1&address=${'a'.repeat(20_000)}`,
  '/v2/nothing',
  '/v1/%c0%ae%c0%ae/etc',
  '/__proto__',
  `/${'long/'.repeat(500)}`,
]

const WRITE = '/api/tokens/mint'
const BAD_BODIES: readonly string[] = [
  post(WRITE, '{'),
  post(WRITE, '[]'.repeat(100)),
  post(WRITE, `${'['.repeat(NESTED)}${']'.repeat(NESTED)}`),
  post(WRITE, '{"a":'.repeat(10_000)),
  post(WRITE, JSON.stringify({ asset_id: 'x'.repeat(LARGE_BODY_BYTES) })),
  post(WRITE, '{"asset_id":"SOAK","asset_id":"SOAK","amount":1,"recipient_wallet_address":"a"}'),
  post(WRITE, '{"__proto__":{"x":1},"asset_id":"SOAK","amount":-1,"recipient_wallet_address":"a"}'),
  post(WRITE, '{"asset_id":"SOAK","amount":1e400,"recipient_wallet_address":"a"}'),
  post(WRITE, `{"asset_id":"SOAK","amount":${'9'.repeat(5_000)},"recipient_wallet_address":"a"}`),
  post(WRITE, '{"asset_id":"\\u0000","amount":1,"recipient_wallet_address":"\\ud800"}'),
  post(WRITE, '{}', { 'content-type': 'text/xml' }),
  post(WRITE, '{}', { 'content-encoding': 'gzip' }),
  post('/v1/account/tokens', '{}'),
  post('/api/tokens/transfer', '{"asset_id":"NONE","amount":1,"from_wallet":"nobody","recipient_wallet_address":"a"}'),
]

const BAD_HTTP: readonly string[] = [
  'GET\r\n\r\n',
  'nonsense\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'GET /health HTTP/9.9\r\nhost: soak\r\n\r\n',
  `GET /health HTTP/1.1\r\nhost: soak\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
  'GET /health HTTP/1.1\r\n\r\n',
  'GET /health HTTP/1.1\r\nhost: soak\r\ncontent-length: -5\r\n\r\n',
  'POST /api/tokens/mint HTTP/1.1\r\nhost: soak\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc',
  'POST /api/tokens/mint HTTP/1.1\r\nhost: soak\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  request('PROPFIND', '/health', { headers: {} }),
  request('BREW', '/health', { headers: {} }),
  request('POST', '/api/tokens/mint', { headers: { expect: 'a miracle', 'content-length': '0' } }),
]

/** In turn: a connection that sends nothing, headers that arrive slowly, and an incomplete body. */
function slow(get: string): Caller['act'] {
  return async (wire, nth) => {
    const socket = await wire.open()
    const answered = answer(socket)
    if (nth % 3 === 1) {
      for (const part of get.match(/[\s\S]{1,16}/g) ?? []) {
        await pause(SLOW_MS / 10)
        socket.write(part)
      }
    } else if (nth % 3 === 2) {
      const headers = { 'content-type': 'application/json', 'content-length': '100' }
      socket.write(request('POST', WRITE, { headers, body: '{"a":' }))
      await pause(SLOW_MS)
      wire.cut()
    } else {
      await pause(SLOW_MS)
      wire.cut()
    }
    return answered
  }
}

/** Sends many requests and reads no answer. */
function notReading(get: string): Caller['act'] {
  return async (wire) => {
    const socket = await wire.open()
    socket.pause()
    for (let sent = 0; sent < UNREAD_REQUESTS; sent++) socket.write(get)
    await pause(SLOW_MS)
    wire.cut()
    return 'closed'
  }
}

/** Sends a request and disconnects before or during its answer. */
function aborting(get: (nth: number) => string, random: () => number): Caller['act'] {
  return async (wire, nth) => {
    const socket = await wire.open()
    socket.write(get(nth))
    await pause(Math.floor(random() * 10))
    wire.cut()
    return 'closed'
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
