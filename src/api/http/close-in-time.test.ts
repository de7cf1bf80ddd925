import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { closeInTime } from './close-in-time.ts'

/** Longer than any test may take. If only this timeout closes the server, the test times out. */
const NEVER_MS = 3_600_000

async function serve(graceMs: number): Promise<{ server: FastifyInstance; port: number }> {
  const server = fastify()
  closeInTime(server, graceMs)
  server.get('/', async () => 'here')
  await server.listen({ host: '127.0.0.1', port: 0 })
  return { server, port: (server.server.address() as AddressInfo).port }
}

/** Returns a connection that the server has accepted. The server has read everything that was sent on it. */
async function connected({ server, port }: { server: FastifyInstance; port: number }, sends: string): Promise<Socket> {
  const accepted = once(server.server, 'connection')
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const [theirs] = (await accepted) as [Socket]
  if (sends !== '') {
    socket.write(sends)
    while (theirs.bytesRead < sends.length) await new Promise(setImmediate)
  }
  return socket
}

test('a connection that never sent a byte does not delay the close', async () => {
  const serving = await serve(NEVER_MS)
  const silent = await connected(serving, '')
  const ended = once(silent.resume(), 'close')
  await serving.server.close()
  await ended
})

test('an answered keep-alive connection does not delay the close', async () => {
  const serving = await serve(NEVER_MS)
  const idle = await connected(serving, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [answer] = await once(idle, 'data')
  expect(String(answer)).toContain('here')
  await serving.server.close()
})

test('a request that never ends is cut off after the grace period', async () => {
  const serving = await serve(20)
  const dribbling = await connected(serving, 'GET / HTTP/1.1\r\nHost:')
  const ended = once(dribbling.resume(), 'close')
  await serving.server.close()
  await ended
})
