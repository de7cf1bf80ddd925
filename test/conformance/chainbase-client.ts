import { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** An answer as a client sees it. `body` is its text. */
export type Answered = { readonly status: number; readonly headers: Headers; readonly body: string }

/** A listening server, and functions to call it. */
export type Served = {
  readonly origin: string
  readonly port: number
  readonly call: (path: string, init?: RequestInit) => Promise<Answered>
  readonly close: () => Promise<void>
}

/** Listens on a free port. */
export async function listen(server: FastifyInstance): Promise<Served> {
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    origin,
    port: Number(new URL(origin).port),
    call: async (path, init = {}) => {
      const response = await fetch(origin + path, { redirect: 'manual', ...init })
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    close: () => server.close(),
  }
}

/** Sends raw bytes. Returns everything that comes back until the server closes or sends nothing for `ms`. */
export function sendRaw(port: number, bytes: string, ms = 400): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new Socket()
    let text = ''
    // Two halves: if this process stands still for longer than all of it, the server in it still has the second half.
    let silent = 0
    socket.setTimeout(ms / 2)
    socket.on('data', (chunk) => {
      silent = 0
      text += chunk.toString('latin1')
    })
    socket.on('timeout', () => {
      silent += 1
      if (silent === 2) socket.destroy()
      else socket.setTimeout(ms / 2)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
    socket.connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
  })
}
