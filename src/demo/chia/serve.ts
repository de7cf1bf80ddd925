import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { assert } from '../../core/assert.ts'
import type { NodeAnswer } from './node.ts'

/** A node on a socket. */
export type ServedNode = { readonly url: string; readonly stop: () => Promise<void> }

/** What a node with TLS needs, as PEM texts. It takes only clients whose certificate `ca` signed. */
export type ServerTls = { readonly cert: string; readonly key: string; readonly ca: string }

/** A node refuses larger bodies. */
const MAX_BODY_BYTES = 1024 * 1024

/** Answers a POST of this text to a path. */
export type Answering = (path: string, text: string) => NodeAnswer | Promise<NodeAnswer>

/** Serves a node on the loopback address. Port 0 takes a free one. */
export async function serveChiaNode(
  answer: Answering,
  { port = 0, tls }: { readonly port?: number; readonly tls?: ServerTls } = {},
): Promise<ServedNode> {
  const listener: RequestListener = (request, response) => {
    handle(request, response, answer).catch(() => response.destroy())
  }
  const server = tls === undefined ? createServer(listener) : withTls(tls, listener)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'the server listens on a port')
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function withTls(tls: ServerTls, listener: RequestListener): Server {
  return createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, listener)
}

async function handle(request: IncomingMessage, response: ServerResponse, answer: Answering): Promise<void> {
  const body = await readBody(request)
  if (request.method !== 'POST' || body === undefined) {
    response.writeHead(body === undefined ? 413 : 405).end()
    return
  }
  const answered = await answer(request.url ?? '/', body)
  response.writeHead(answered.status, { 'content-type': answered.type }).end(answered.body)
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(part)
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}
