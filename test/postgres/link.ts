import { connect, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'

/** If a client is silent for so long, it waits for an answer. */
const SILENT_MS = 5
const DEFAULT_PORT = 5432

/** A way to a PostgreSQL server that is slow, or that sees when the program waits for it. */
export class DatabaseLink {
  /** The URL of the database over this way. */
  readonly url: string
  readonly #server: Server
  readonly #sockets: ReadonlySet<Socket>

  private constructor(url: string, server: Server, sockets: ReadonlySet<Socket>) {
    this.url = url
    this.#server = server
    this.#sockets = sockets
  }

  /** `delayMs`: how long each byte takes, each way. */
  static slow(url: string, delayMs: number): Promise<DatabaseLink> {
    const later = (to: Socket) => (bytes: Buffer) => void setTimeout(() => to.writable && to.write(bytes), delayMs)
    return DatabaseLink.#open(url, (client, server) => {
      client.on('data', later(server))
      server.on('data', later(client))
    })
  }

  /**
   * Passes what a client sends once it waits. `told` gets the number of round trips of each transaction when it has ended, from
   * its beginning to the answer to its end: how often the program waited for an answer.
   */
  static watched(url: string, told: (roundTrips: number) => void): Promise<DatabaseLink> {
    return DatabaseLink.#open(url, (client, server) => {
      let sent: Buffer[] = []
      let timer: ReturnType<typeof setTimeout> | undefined
      let roundTrips = 0
      const pass = async (before: number): Promise<void> => {
        // What the client sent while this process was busy has not been read yet.
        await nextTick()
        if (before !== sent.length) return
        const words = Buffer.concat(sent)
        sent = []
        const text = words.toString('latin1')
        if (roundTrips > 0 || text.includes('BEGIN')) roundTrips++
        const hasEnded = text.includes('COMMIT') || text.includes('ROLLBACK')
        if (hasEnded) {
          told(roundTrips)
          roundTrips = 0
        }
        server.write(words)
      }
      client.on('data', (bytes) => {
        sent.push(bytes)
        clearTimeout(timer)
        const { length } = sent
        timer = setTimeout(() => void pass(length), SILENT_MS)
      })
      server.on('data', (bytes) => client.write(bytes))
    })
  }

  static async #open(url: string, join: (client: Socket, server: Socket) => void): Promise<DatabaseLink> {
    const to = new URL(url)
    const [host, port] = [to.hostname, Number(to.port || DEFAULT_PORT)]
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ host, port, noDelay: true })
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(one)
        one.on('error', () => undefined)
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      }
      join(client, upstream)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
    to.host = `127.0.0.1:${address.port}`
    return new DatabaseLink(to.href, server, sockets)
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
