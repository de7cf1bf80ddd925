/**
 * A scripted node for tests of faults: a real HTTP server on a socket that answers with a function.
 * `const node = await startScriptedNode(jsonRpc({ eth_chainId: () => '0x1' }))`, `await node.stop()`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { assert } from '../../src/core/assert.ts'

/** A JSON-RPC request as it arrived. Parameters by name are in `named`, and then `params` is empty. */
export type Asked = {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
  readonly named?: Readonly<Record<string, unknown>>
}

/** One HTTP request: its calls, and whether they came as a batch. `nth` counts from 1. */
export type Arrived = {
  readonly nth: number
  readonly batch: boolean
  readonly calls: readonly Asked[]
  readonly text: string
  readonly path: string
  readonly authorization: string | undefined
}

/**
 * An answer: JSON, a detailed reply, or a fault. `hang` never answers. `reset` breaks the connection. `half` sends
 * headers and half a body, then breaks the connection.
 */
export type Reply =
  | { readonly json: unknown }
  | { readonly status?: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset'
  | 'half'

export type Answer = (arrived: Arrived) => Reply | Promise<Reply>

export type ScriptedNode = {
  readonly url: string
  /** All HTTP requests so far. */
  readonly arrived: readonly Arrived[]
  /** Replaces the answer function from now on. */
  readonly become: (answer: Answer) => void
  readonly stop: () => Promise<void>
}

/** Starts a node on a free port of the loopback address. */
export function startScriptedNode(answer: Answer): Promise<ScriptedNode> {
  return startRemembering(answer, Number.POSITIVE_INFINITY)
}

/** Like `startScriptedNode`, but `arrived` stays empty, so that a long run needs no memory for it. */
export function startForgetfulNode(answer: Answer): Promise<ScriptedNode> {
  return startRemembering(answer, 0)
}

/** Starts a server of routes: it answers a text that was posted to a path. */
export function startRoutes(
  answer: (path: string, text: string) => Reply | Promise<Reply>,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  return listening((request, response) => {
    void readBody(request).then(async (text) => reply(response, await answer(request.url ?? '/', text)))
  })
}

async function startRemembering(answer: Answer, requests: number): Promise<ScriptedNode> {
  const arrived: Arrived[] = []
  let count = 0
  let current = answer
  const served = await listening((request, response) => {
    void readBody(request).then(async (text) => {
      if (!isJsonRpc(text)) {
        // A call of a node with another kind of interface.
        response.writeHead(404).end()
        return
      }
      count += 1
      const one = arrivedOf(request, { text, nth: count })
      if (arrived.length < requests) arrived.push(one)
      reply(response, await current(one))
    })
  })
  return {
    ...served,
    arrived,
    become: (other) => {
      current = other
    },
  }
}

async function listening(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function isJsonRpc(text: string): boolean {
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) || (typeof value === 'object' && value !== null && 'jsonrpc' in value)
}

function arrivedOf(request: IncomingMessage, { text, nth }: { text: string; nth: number }): Arrived {
  const value: unknown = JSON.parse(text)
  const batch = Array.isArray(value)
  const calls = (batch ? value : [value]).map(askedOf)
  return { nth, batch, calls, text, path: request.url ?? '', authorization: request.headers.authorization }
}

function askedOf(value: unknown): Asked {
  assert(typeof value === 'object' && value !== null && 'id' in value, 'a request has an id')
  assert('method' in value && typeof value.method === 'string', 'a request has a method')
  const { id, method } = value
  const params = 'params' in value ? value.params : []
  if (Array.isArray(params)) return { id, method, params }
  assert(typeof params === 'object' && params !== null, 'parameters are an array or an object')
  return { id, method, params: [], named: Object.fromEntries(Object.entries(params)) }
}

function reply(response: ServerResponse, what: Reply): void {
  if (what === 'hang') return
  if (what === 'reset') {
    response.destroy()
    return
  }
  if (what === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"jsonrpc":"2.0","id":1,', () => response.destroy())
    return
  }
  if ('bytes' in what) {
    response.writeHead(200, { 'content-type': 'application/json', ...what.headers })
    response.end(what.bytes)
    return
  }
  const text = 'json' in what ? JSON.stringify(what.json) : what.text
  const status = 'json' in what ? 200 : (what.status ?? 200)
  response.writeHead(status, { 'content-type': 'application/json', ...('json' in what ? {} : what.headers) })
  response.end(text)
}

/** A JSON-RPC error for a method to throw. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/** Methods by name. Parameters by name come as one object. */
export type Methods = Readonly<Record<string, (params: readonly unknown[]) => unknown>>

/** The JSON-RPC answer to one call: the result of its method, or the `Fault` that the method throws. */
export function answerTo(asked: Asked, methods: Methods): Readonly<Record<string, unknown>> {
  const head = { jsonrpc: '2.0', id: asked.id }
  const method = methods[asked.method]
  if (method === undefined) return { ...head, error: { code: -32601, message: `no method ${asked.method}` } }
  try {
    return { ...head, result: method(asked.named === undefined ? asked.params : [asked.named]) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ...head, error: { code: error.code, message: error.message, data: error.data } }
  }
}

/** A healthy JSON-RPC node with these methods, for single calls and batches. */
export function jsonRpc(methods: Methods): Answer {
  return ({ batch, calls }) => {
    const answers = calls.map((asked) => answerTo(asked, methods))
    return { json: batch ? answers : answers[0] }
  }
}

/** Like `jsonRpc`, but it refuses every batch with this reply, as some nodes do. */
export function withoutBatches(methods: Methods, refusal: Reply): Answer {
  const healthy = jsonRpc(methods)
  return (arrived) => (arrived.batch ? refusal : healthy(arrived))
}

/** Forwards each request to a real node at `url`, unless `change` returns a reply. */
export function inFrontOf(url: string, change: (arrived: Arrived) => Reply | undefined = () => undefined): Answer {
  return async (arrived) => {
    const own = change(arrived)
    if (own !== undefined) return own
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: arrived.text })
    return { status: response.status, text: await response.text() }
  }
}

/**
 * Forwards each request to a real node at `url`, and answers each call with the result that `change` makes from the
 * true one. A `Fault` that `change` throws becomes an error. Calls that fail at the node fail here too.
 */
export function altering(url: string, change: (asked: Asked, result: unknown) => unknown): Answer {
  const whole = inFrontOf(url)
  return async (arrived) => {
    const reply = await whole(arrived)
    if (typeof reply === 'string' || !('text' in reply)) return reply
    const body: unknown = JSON.parse(reply.text)
    const answers = (Array.isArray(body) ? body : [body]).map((answer: unknown, place) => {
      const asked = arrived.calls[place]
      if (asked === undefined || typeof answer !== 'object' || answer === null || !('result' in answer)) return answer
      return answerTo(asked, { [asked.method]: () => change(asked, answer.result) })
    })
    return { json: arrived.batch ? answers : answers[0] }
  }
}
