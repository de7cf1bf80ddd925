import type { Server, Socket } from 'node:net'

/** What a connection may cost before its first request line has come. `lineMs`: for the whole line; `bytes`: its length. */
export type FirstLineLimits = { readonly lineMs: number; readonly bytes: number }

/** What happens to a connection whose first line never comes whole although something came. */
export type Unfinished = (socket: Socket, why: 'ended' | 'late') => void

const LF = 0x0a

/** How a request line begins: empty lines that RFC 9112 allows, a method, and a target with a path. */
const LINE_START = /^[\r\n]*[A-Z-]+ (?:\/|https?:\/\/)/
/** More than the longest method and a scheme take. */
const LINE_START_BYTES = 64

/**
 * Reads the first request line of each connection before Node's parser takes it over. Node does not tell the request
 * line of a request whose head is malformed, too large or late, and without it nobody knows whose words to answer in.
 * A connection that sends nothing in time is closed without an answer. Later requests on a connection cost nothing:
 * Node then reads from the operating system directly, which a listener on the socket's data would prevent.
 */
export class FirstRequestLines {
  readonly #lines = new WeakMap<Socket, string>()
  readonly #tooLong = new WeakSet<Socket>()
  readonly #waiting = new Set<Socket>()
  readonly #limits: FirstLineLimits
  readonly #unfinished: Unfinished

  constructor(limits: FirstLineLimits, unfinished: Unfinished) {
    this.#limits = limits
    this.#unfinished = unfinished
  }

  /** The first request line of a connection, without its end; undefined where it never came whole. */
  of(socket: Socket): string | undefined {
    return this.#lines.get(socket)
  }

  /** True where the first request line passed the limit, and its beginning is a method and a path. */
  isTooLong(socket: Socket): boolean {
    return this.#tooLong.has(socket)
  }

  /** Takes new connections of a server before its own listeners do. Call it before other listeners are added. */
  watch(server: Server): void {
    const own = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      this.#read(socket, () => {
        for (const listener of own) listener.call(server, socket)
      })
    })
  }

  /** Closes every connection whose first line has not come: nothing is under way on it. */
  closeWaiting(): void {
    for (const socket of this.#waiting) socket.destroy()
  }

  #read(socket: Socket, accept: () => void): void {
    const chunks: Buffer[] = []
    const stop = (): Buffer => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('close', stop).off('error', ignore)
      this.#waiting.delete(socket)
      return Buffer.concat(chunks)
    }
    const fail = (why: 'ended' | 'late'): void => {
      if (stop().length === 0) socket.destroy()
      else this.#unfinished(socket, why)
    }
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      const received = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      const line = firstLine(received)
      if (line === undefined && received.length <= this.#limits.bytes) return
      if (line !== undefined) this.#lines.set(socket, line)
      else if (LINE_START.test(received.toString('latin1', 0, LINE_START_BYTES))) this.#tooLong.add(socket)
      stop()
      socket.pause()
      socket.unshift(received)
      accept()
      socket.resume()
    }
    const onEnd = (): void => fail('ended')
    const timer = setTimeout(() => fail('late'), this.#limits.lineMs)
    this.#waiting.add(socket)
    socket.on('data', onData).on('end', onEnd).on('close', stop).on('error', ignore)
  }
}

/** A connection that breaks before it asked anything is nobody's failure: it closes. */
function ignore(): void {}

/** The first line that is not empty (RFC 9112, section 2.2, allows empty ones before it); undefined until it is whole. */
function firstLine(received: Buffer): string | undefined {
  let start = 0
  for (;;) {
    const end = received.indexOf(LF, start)
    if (end === -1) return undefined
    const line = received.toString('latin1', start, end).replace(/\r$/, '')
    if (line !== '') return line
    start = end + 1
  }
}
