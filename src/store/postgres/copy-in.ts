import type { Writable } from 'node:stream'
import type pg from 'pg'

/** Bytes that are read and sent at once. */
const PART_BYTES = 256 * 1024
const COPY_DATA = 'd'.charCodeAt(0)
/** Bytes of a message before its content: its type and its length, which counts itself. */
const HEAD = 5

/** Rows in the binary form of COPY: `read` fills a part of memory, and returns how many bytes that took; 0 at the end. */
export type CopySource = { readonly read: (into: Buffer) => Promise<number>; readonly close: () => Promise<void> }

/** Sends rows to a COPY, with no more of them in memory than the server takes. Returns how many there are. Closes the source. */
export async function copyIn(client: pg.Client, copy: string, source: CopySource): Promise<number> {
  try {
    return await new Promise((resolve, reject) => {
      client.query(new CopyIn(`${copy} FROM STDIN (FORMAT binary)`, source, { resolve, reject }))
    })
  } finally {
    await source.close()
  }
}

/** What is used of the driver's connection, of which its types tell less. */
type Wire = {
  readonly stream: Writable
  readonly query: (text: string) => void
  readonly endCopyFrom: () => void
  readonly sendCopyFail: (why: string) => void
}

type Ends = { readonly resolve: (rows: number) => void; readonly reject: (error: unknown) => void }

/** A query as the driver runs it. Its methods are called for what the server answers. */
class CopyIn implements pg.Submittable {
  readonly #text: string
  readonly #source: CopySource
  readonly #ends: Ends
  #rows = 0
  #error: unknown
  #isOver = false
  /** Ends the wait for the server to take more. */
  #wake: () => void = () => undefined

  constructor(text: string, source: CopySource, ends: Ends) {
    this.#text = text
    this.#source = source
    this.#ends = ends
  }

  submit(connection: unknown): void {
    ;(connection as Wire).query(this.#text)
  }

  handleCopyInResponse(connection: Wire): void {
    this.#send(connection).then(
      () => {
        if (!this.#isOver) connection.endCopyFrom()
      },
      (error: unknown) => {
        this.#error ??= error
        if (!this.#isOver) connection.sendCopyFail('the rows cannot be read')
      },
    )
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(text.split(' ').at(-1))
  }

  handleReadyForQuery(): void {
    this.#end()
    if (this.#error === undefined) this.#ends.resolve(this.#rows)
    else this.#ends.reject(this.#error)
  }

  /** The server refused a row, or the connection ended. */
  handleError(error: Error): void {
    this.#error ??= error
    this.#end()
    this.#ends.reject(this.#error)
  }

  #end(): void {
    this.#isOver = true
    this.#wake()
  }

  async #send(connection: Wire): Promise<void> {
    while (!this.#isOver) {
      // The socket may hold what it was given for a while, so each part has its own memory.
      const part = Buffer.allocUnsafe(HEAD + PART_BYTES)
      const length = await this.#source.read(part.subarray(HEAD))
      if (length === 0 || this.#isOver) return
      part[0] = COPY_DATA
      part.writeUInt32BE(length + HEAD - 1, 1)
      if (!connection.stream.write(part.subarray(0, HEAD + length))) await this.#drained(connection)
    }
  }

  async #drained({ stream }: Wire): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      stream.once('drain', resolve)
      if (this.#isOver) resolve()
    })
  }
}
