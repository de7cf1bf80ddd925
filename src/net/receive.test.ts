import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { assert } from '../core/assert.ts'
import { isServiceError } from '../core/errors.ts'
import { createEndpoint, type HttpEndpoint, type HttpLimits } from './http.ts'
import { ReadMemory } from './reused-reads.ts'

const SIGNAL = new AbortController().signal
const MAX_BYTES = 4 * 1024 * 1024
const servers: Server[] = []
const sockets = new Set<Socket>()
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

/** Writes the raw answer to a request with a body. */
type Script = (body: string, socket: Socket) => Promise<void> | void

const pem = (name: string): string => readFileSync(new URL(`../../test/nodes/tls/${name}`, import.meta.url), 'utf8')

/** Serves raw answers, over TLS or not. */
async function serve(
  script: Script,
  { isSecure = false, limits = {} }: { readonly isSecure?: boolean; readonly limits?: Partial<HttpLimits> } = {},
): Promise<HttpEndpoint> {
  const onConnection = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (body === undefined || body.length < length) return
      text = ''
      void script(body, socket)
    })
  }
  const tls = { cert: pem('node.crt'), key: pem('node.key') }
  const server = isSecure ? createTlsServer(tls, onConnection) : createServer(onConnection)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'a listening server has a port')
  const identity = { cert: pem('client.crt'), key: pem('client.key'), ca: undefined }
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${address.port}`
  return createEndpoint(url, { timeoutMs: 10_000, maxBytes: MAX_BYTES, ...limits }, isSecure ? identity : undefined)
}

async function write(socket: Socket, bytes: string | Buffer): Promise<void> {
  await new Promise((resolve) => socket.write(bytes, resolve))
}

/** Bytes that no part of repeats, so that none can be taken for another. */
function content(seed: string, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = [...seed].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7)
  for (let at = 0; at < length; at++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at
    bytes[at] = state
  }
  return bytes
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    assert(isServiceError(error), 'an endpoint throws errors of its own')
    return error.code
  }
}

describe.each([
  ['TCP', false],
  ['TLS', true],
])('over %s', (_, isSecure) => {
  test('large bodies are whole, many at once and one after the other on one connection', async () => {
    const endpoint = await serve(
      async (body, socket) => {
        const [seed = '', length = '0', parts = '1'] = body.split('/')
        const bytes = content(seed, Number(length))
        const size = Math.ceil(bytes.length / Number(parts))
        await write(socket, `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`)
        for (let at = 0; at < bytes.length; at += size) {
          await write(socket, bytes.subarray(at, at + size))
          await nextTick()
        }
      },
      { isSecure },
    )
    for (let round = 0; round < 3; round++) {
      const asked = ['a/3000000/1', 'b/1000000/7', 'c/65536/1', 'd/2500000/40', 'e/0/1', 'f/1/1'].map(
        (text) => `${round}${text}`,
      )
      const answers = await Promise.all(asked.map((text) => endpoint.post(text, SIGNAL)))
      for (const [index, { body, free }] of answers.entries()) {
        const [seed = '', length = '0'] = asked[index]?.split('/') ?? []
        expect(body.equals(content(seed, Number(length)))).toBe(true)
        free()
      }
    }
  })

  test('bodies in chunks with extensions and trailers, and heads that come byte by byte, are read', async () => {
    const padding = `x-padding: ${'p'.repeat(6_000)}`
    const endpoint = await serve(
      async (body, socket) => {
        const bytes = content(body, 700_000)
        const head = `HTTP/1.1 429 Slow Down\r\n${padding}\r\nretry-after: 7\r\ntransfer-encoding: chunked\r\n\r\n`
        // Two bytes near each end come alone, and the middle in pieces.
        for (let at = 0; at < head.length; at += at > 40 && at < head.length - 120 ? 500 : 1) {
          const size = at > 40 && at < head.length - 120 ? 500 : 1
          await write(socket, head.slice(at, at + size))
          await nextTick()
        }
        for (let at = 0, size = 1; at < bytes.length; at += size, size = Math.min(200_000, size * 3)) {
          const part = bytes.subarray(at, at + size)
          await write(socket, Buffer.concat([Buffer.from(`${part.length.toString(16)};e=1\r\n`), part]))
          await write(socket, '\r\n')
        }
        await write(socket, '0\r\nx-trailer: t\r\n\r\n')
      },
      { isSecure },
    )
    for (const text of ['one', 'two', 'three']) {
      const answer = await endpoint.post(text, SIGNAL)
      expect([answer.status, answer.retryAfterMs]).toEqual([429, 7_000])
      expect(answer.body.equals(content(text, 700_000))).toBe(true)
      answer.free()
    }
  })
})

test('a new connection over TLS goes on with the session of the last one', async () => {
  const reused: boolean[] = []
  const endpoint = await serve(
    async (_, socket) => {
      assert(socket instanceof TLSSocket, 'the server speaks TLS')
      reused.push(socket.isSessionReused())
      await write(socket, 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok')
    },
    { isSecure: true },
  )
  for (let count = 0; count < 3; count++) expect((await endpoint.post('', SIGNAL)).body.toString()).toBe('ok')
  expect(reused).toEqual([false, true, true])
})

test('an interim answer is followed by the real one', async () => {
  const endpoint = await serve((_, socket) =>
    write(socket, 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno'),
  )
  const { status, body } = await endpoint.post('', SIGNAL)
  expect([status, body.toString()]).toEqual([404, 'no'])
})

test.each<[string, Script, string]>([
  [
    'a length over the limit',
    (_, s) => write(s, `HTTP/1.1 200 OK\r\ncontent-length: ${MAX_BYTES + 1}\r\n\r\n`),
    'NODE_TOO_LARGE',
  ],
  [
    'more chunks than the limit',
    async (_, socket) => {
      await write(socket, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const part = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000), Buffer.from('\r\n')])
      for (let count = 0; count < 5; count++) await write(socket, part)
    },
    'NODE_TOO_LARGE',
  ],
  [
    'a head over the limit',
    (_, s) => write(s, `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
    'NODE_UNREACHABLE',
  ],
  [
    'a body that is cut',
    async (_, socket) => {
      await write(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
      socket.end()
    },
    'NODE_UNREACHABLE',
  ],
  ['no answer at all', (_, socket) => void socket.end(), 'NODE_UNREACHABLE'],
  ['something else than HTTP', (_, socket) => write(socket, 'SSH-2.0-x\r\n'), 'NODE_UNREACHABLE'],
])('%s is an error, and the next answer is right', async (_, script, code) => {
  let isFirst = true
  const endpoint = await serve(async (body, socket) => {
    if (!isFirst) return write(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext')
    isFirst = false
    return script(body, socket)
  })
  expect(await codeOf(endpoint.post('first', SIGNAL))).toBe(code)
  expect((await endpoint.post('second', SIGNAL)).body.toString()).toBe('next')
})

test('a request ends with its signal: before it is sent, while it waits for a connection, and within its body', async () => {
  let begun = (): void => undefined
  const endpoint = await serve(async (body, socket) => {
    if (body !== 'half') return
    await write(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf')
    begun()
  })
  const stopper = new AbortController()
  setMaxListeners(0, stopper.signal)
  const halfDone = new Promise<void>((resolve) => {
    begun = resolve
  })
  const half = endpoint.post('half', stopper.signal)
  await halfDone
  // More requests than connections: some are not sent yet.
  const others = Array.from({ length: 30 }, () => endpoint.post('never', stopper.signal))
  stopper.abort()
  for (const one of [half, ...others]) expect(await codeOf(one)).toBe('ABORTED')
  expect(await codeOf(endpoint.post('later', stopper.signal))).toBe('ABORTED')
})

test('a node that stops within a body runs out of time', async () => {
  const endpoint = await serve((_, socket) => write(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf'), {
    limits: { timeoutMs: 200 },
  })
  expect(await codeOf(endpoint.post('', SIGNAL))).toBe('NODE_TIMEOUT')
})

test('the memory of reads is used again, and what was read stays for as long as it may be held', () => {
  const memory = new ReadMemory()
  const held: { readonly bytes: Buffer; readonly copy: Buffer }[] = []
  memory.socket = {
    push: (chunk: unknown) => {
      assert(Buffer.isBuffer(chunk), 'reads are buffers')
      held.push({ bytes: chunk, copy: Buffer.from(chunk) })
      return true
    },
  }
  const { reads } = memory
  assert(typeof reads.buffer === 'function', 'each read gets its place')
  const memories = new Set<ArrayBufferLike>()
  for (let read = 0; read < 200; read++) {
    const piece = reads.buffer()
    memories.add(piece.buffer)
    const length = read % 3 === 0 ? piece.length : 1 + ((read * 7919) % 5_000)
    content(String(read), length).copy(piece)
    expect(reads.callback(length, piece)).toBe(true)
    // Two reads of full size, and a head of an answer.
    let bytes = 0
    for (const one of held.toReversed()) {
      bytes += one.bytes.length
      if (bytes > 2 * 65_536 + 16_384) break
      expect(one.bytes.equals(one.copy)).toBe(true)
    }
  }
  expect(memories.size).toBe(1)
})
