import type { OnReadOpts, Socket } from 'node:net'
import { buildConnector } from 'undici'
import { assert } from '../core/assert.ts'

/** Most bytes of one read: what Node.js reads at once by itself. */
const PIECE = 64 * 1024
/**
 * Bytes of a connection's memory. What was read is overwritten at the earliest when this many bytes less two pieces were
 * read after it. Until then undici has it for sure: a stream holds back less than two pieces, body bytes are taken at once, and
 * of the head of an answer undici keeps at most `MAX_HEAD` bytes before it has made them text.
 */
const MEMORY = 8 * PIECE

/** Most bytes of the head of an answer, the default of Node.js. A longer one is an error. */
export const MAX_HEAD = 16 * 1024

type Connector = ReturnType<typeof buildConnector>

/**
 * As undici's `buildConnector`, but each connection reads into memory of its own that is used again. By itself, Node.js takes
 * fresh memory outside the heap for each read, and 20 MB of that make the garbage collector mark the whole heap.
 */
export function reusingConnector(options: buildConnector.BuildOptions): Connector {
  let session: Buffer | undefined
  return (target, callback) => {
    const memory = new ReadMemory()
    // The next connection goes on with the last one's TLS session, as with one connector for all.
    const connect = buildConnector({ ...options, ...(session === undefined ? {} : { session }), onread: memory.reads })
    connect(target, (...result) => {
      const [error, socket] = result
      if (error === null) {
        memory.socket = socket
        socket.on('session', (latest: Buffer) => {
          session = latest
        })
      }
      callback(...result)
    })
  }
}

/** The memory of one connection's reads. `Buffer`s that the socket gives are parts of it. */
export class ReadMemory {
  socket: Pick<Socket, 'push'> | undefined
  readonly reads: OnReadOpts = {
    buffer: () => this.#next(),
    callback: (bytes, piece) => this.#give(bytes, piece),
  }
  readonly #bytes = Buffer.allocUnsafeSlow(MEMORY)
  #at = 0

  /** Returns where to read to. */
  #next(): Buffer {
    if (this.#at + PIECE > MEMORY) this.#at = 0
    return this.#bytes.subarray(this.#at, this.#at + PIECE)
  }

  /** Gives the socket what was read. Returns false if it has enough for now. */
  #give(bytes: number, piece: Uint8Array): boolean {
    this.#at += bytes
    assert(this.socket !== undefined, 'nothing is read before the connection is there')
    return this.socket.push(piece.subarray(0, bytes))
  }
}
