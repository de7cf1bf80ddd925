import { createServer, request } from 'node:http'
import { assert } from '../src/core/assert.ts'

/** A proxy that holds each answer of a node back. */
export type Latency = {
  readonly url: string
  /** Requests that arrived so far. */
  readonly requests: () => number
  readonly stop: () => Promise<void>
}

/** Starts a proxy in front of a node. Each answer leaves `ms` milliseconds after its request arrived, or later. */
export async function startLatency(target: string, ms: number): Promise<Latency> {
  let count = 0
  const server = createServer((incoming, outgoing) => {
    count++
    const until = performance.now() + ms
    const forwarded = request(target, { method: incoming.method, headers: incoming.headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        setTimeout(
          () => {
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
            outgoing.end(Buffer.concat(chunks))
          },
          Math.max(0, until - performance.now()),
        ),
      )
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'a listening server has a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: () => count,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
