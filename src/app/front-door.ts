import { lookup } from 'node:dns/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { assert } from '../core/assert.ts'
import { ServiceError } from '../core/errors.ts'

/** Connections that wait while no worker is ready. More are refused. */
const MAX_WAITING = 512

/** Where connections go. `handing`: those that it has not confirmed yet. */
export type Taker = { readonly isReady: boolean; readonly handing: number; readonly hand: (socket: Socket) => void }

/**
 * The port of a group. It reads nothing: each connection goes to a worker, to those in turn that have confirmed the ones
 * before. Node's cluster is not used, since it leaves a connection open and unanswered if its worker dies meanwhile.
 */
export class FrontDoor {
  readonly #takers: readonly Taker[]
  #servers: readonly Server[] = []
  #waiting: Socket[] = []
  #turn = 0

  constructor(takers: readonly Taker[]) {
    this.#takers = takers
  }

  /** Listens, and resolves to the URL. @throws UNAVAILABLE the port is taken, or the host is not this machine's */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    try {
      const [first = host, ...others] = await addressesOf(host)
      const server = await this.#listenAt(first, port)
      this.#servers = [server]
      const { address, family, port: used } = addressOf(server)
      for (const other of others) this.#servers = [...this.#servers, await this.#listenAt(other, used)]
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${used}`
    } catch (error) {
      this.close()
      throw cannotListen({ host, port }, error)
    }
  }

  /** Hands out the connections that waited. Call it when a worker becomes ready. */
  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const socket of waiting) this.#hand(socket)
  }

  /** Accepts nothing more. Connections that were handed out go on. */
  close(): void {
    for (const server of this.#servers) server.close()
    for (const socket of this.#waiting) socket.destroy()
    this.#servers = []
    this.#waiting = []
  }

  #listenAt(host: string, port: number): Promise<Server> {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#hand(socket))
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        // Too many open files: the connection is refused, and others follow.
        server.on('error', () => undefined)
        resolve(server)
      })
    })
  }

  #hand(socket: Socket): void {
    // A caller that is gone before its worker has the connection is nobody's failure.
    socket.on('error', () => undefined)
    const ready = this.#takers.filter(({ isReady }) => isReady)
    const least = Math.min(...ready.map(({ handing }) => handing))
    const free = ready.filter(({ handing }) => handing === least)
    const taker = free[this.#turn++ % Math.max(1, free.length)]
    if (taker !== undefined) taker.hand(socket)
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(socket)
    else socket.destroy()
  }
}

/** The error of a server that cannot listen. */
export function cannotListen({ host, port }: { readonly host: string; readonly port: number }, error: unknown) {
  const reason = error instanceof Error ? error.message : String(error)
  return new ServiceError('UNAVAILABLE', `cannot listen on ${host} port ${port}: ${reason}`, { cause: error })
}

/** All addresses of `localhost`, as Fastify listens on them; else the host itself. */
async function addressesOf(host: string): Promise<readonly string[]> {
  if (host !== 'localhost') return [host]
  return [...new Set((await lookup(host, { all: true })).map(({ address }) => address))]
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'a server that listens on a port has an address')
  return address
}
