import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { assert } from '../../core/assert.ts'
import { answerText, type Request, type RpcAnswer } from './json-rpc.ts'

/** A node on a socket. */
export type ServedNode = { readonly url: string; readonly stop: () => Promise<void> }

/** Longest request, in bytes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

/** Serves the answers of a node over HTTP on the loopback address. Port 0 takes a free one. */
export async function serveNode(answer: (request: Request) => RpcAnswer, port = 0): Promise<ServedNode> {
  const server = createServer((request, response) => {
    handle(request, response, answer).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'the server listens on a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request) => RpcAnswer,
): Promise<void> {
  const text = await readBody(request)
  if (request.method !== 'POST' || text === undefined) {
    response.writeHead(text === undefined ? 413 : 405).end()
    return
  }
  const body = answerText(text, answer)
  response.writeHead(body === undefined ? 204 : 200, { 'content-type': 'application/json' }).end(body)
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString('utf8')
}
