import type { Server, Socket } from 'node:net'

/**
 * Limits of a connection before its first request line is complete. `lineMs`: time for the whole line; `bytes`: its
 * length.
 */
export type FirstLineLimits = { readonly lineMs: number; readonly bytes: number }

/** Called for a connection that sent only a part of its first line. */
export type Unfinished = (socket: Socket, why: 'ended' | 'late') => void

const LF = 0x0a

/** The start of a request line: empty lines that RFC 9112 allows, a method, and a target with a path. */
const LINE_START = /^[\r\n]*[A-Z-]+ (?:\/|https?:\/\/)/
/** More bytes than the longest method and a scheme take. */
const LINE_START_BYTES = 64

/**
 * Reads the first request line of each connection before Node's parser gets the connection. Node does not give the
 * request line if a request's head is malformed, too large or late, and without it the dialect of the error is unknown.
 * A connection that sends nothing in time is closed without an answer. Later requests on a connection cost nothing:
 * this class removes its data listener after the first line, because Node reads from the operating system directly only
 * without one.
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

  /** Returns the first request line of a connection, without its line end. Undefined if it never arrived completely. */
  of(socket: Socket): string | undefined {
    return this.#lines.get(socket)
  }

  /** True if the first request line passed the limit and starts with a method and a path. */
  isTooLong(socket: Socket): boolean {
    return this.#tooLong.has(socket)
  }

  /** Handles new connections before the server's own listeners. Call it before other listeners are added. */
  watch(server: Server): void {
    const own = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      this.#read(socket, () => {
        for (const listener of own) listener.call(server, socket)
      })
    })
  }

  /** Closes every connection without a complete first line: it has no running request. */
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

/** A connection that breaks before its first request needs no handling: it closes. */
function ignore(): void {}

/**
 * Returns the first line that is not empty (RFC 9112, section 2.2, allows empty ones before it). Undefined until it is
 * complete.
 */
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
