import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** How long open answers are waited for after the server has closed, in milliseconds. */
const DRAIN_MS = 10_000

/** The connections that a server gets from another process instead of a port. */
export class HandedConnections {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #drained: () => void = () => undefined

  constructor(server: Server) {
    this.#server = server
    // Node's time-outs of slow requests begin with this event.
    server.emit('listening')
  }

  take(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.#drained()
    })
    this.#server.emit('connection', socket)
  }

  /** Resolves once all connections are closed. The last ones are destroyed. Call it after the server was closed. */
  async drained(): Promise<void> {
    if (this.#open.size === 0) return
    const cut = setTimeout(() => {
      for (const socket of this.#open) socket.destroy()
    }, DRAIN_MS)
    await new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    clearTimeout(cut)
  }
}
