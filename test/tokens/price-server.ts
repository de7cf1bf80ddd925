/** A scripted source of prices: a real HTTP server that answers GET requests with a function. */
import { createServer, type ServerResponse } from 'node:http'
import { assert } from '../../src/core/assert.ts'

/** An answer. `hang` never answers, `reset` breaks the connection. */
export type PriceReply =
  | { readonly status?: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset'

export type PriceAnswer = (path: string) => PriceReply

export type PriceServer = {
  readonly url: string
  /** The paths of all requests so far. */
  readonly paths: readonly string[]
  /** The coins of each request so far, without the time. */
  readonly coins: () => string[][]
  /** The most requests that were open at once. */
  readonly mostOpen: () => number
  /** Replaces the answer from now on. `delayMs`: how long each answer takes. */
  readonly become: (answer: PriceAnswer, delayMs?: number) => void
  readonly stop: () => Promise<void>
}

/** Starts a source on this port of the loopback address, or on any free one. */
export async function startPriceServer(answer: PriceAnswer, port = 0): Promise<PriceServer> {
  const paths: string[] = []
  let current = answer
  let delay = 0
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    paths.push(path)
    open += 1
    most = Math.max(most, open)
    response.once('close', () => {
      open -= 1
    })
    const send = (): void => reply(response, request.method === 'GET' ? current(path) : { status: 405, text: '' })
    if (delay === 0) send()
    else setTimeout(send, delay)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'the server listens on a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    paths,
    coins: () => paths.map(coinsOf),
    mostOpen: () => most,
    become: (other, delayMs = 0) => {
      current = other
      delay = delayMs
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function reply(response: ServerResponse, what: PriceReply): void {
  if (what === 'hang') return
  if (what === 'reset') {
    response.destroy()
    return
  }
  response.writeHead(what.status ?? 200, { 'content-type': 'application/json', ...what.headers })
  response.end(what.text)
}

/** The coins of a path. */
export function coinsOf(path: string): string[] {
  return (path.split('?')[0]?.split('/').at(-1) ?? '').split(',')
}

/**
 * Answers with these prices, each as the text of a JSON value, at this time if it is given. Other coins are not in the
 * answer.
 */
export function pricesOf(prices: Readonly<Record<string, string>>, timestamp?: number): PriceAnswer {
  return (path) => {
    const time = timestamp === undefined ? '' : `,"timestamp":${timestamp}`
    const entries = coinsOf(path).flatMap((coin) => {
      const price = prices[coin]
      return price === undefined ? [] : [`"${coin}":{"symbol":"T","price":${price}${time},"confidence":0.99}`]
    })
    return { text: `{"coins":{${entries.join(',')}}}` }
  }
}
