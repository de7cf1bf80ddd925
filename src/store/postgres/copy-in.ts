import { type FileHandle, open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type pg from 'pg'

/** Bytes that are read and sent at once. */
const PART_BYTES = 256 * 1024
const COPY_DATA = 'd'.charCodeAt(0)
/** Bytes of a message before its content: its type and its length, which counts itself. */
const HEAD = 5

/** Sends a file to a COPY in binary form, with no more of it in memory than the server takes. Returns the number of rows. */
export function copyIn(client: pg.Client, copy: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(`${copy} FROM STDIN (FORMAT binary)`, path, { resolve, reject }))
  })
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
  readonly #path: string
  readonly #ends: Ends
  #rows = 0
  #error: unknown
  #isOver = false
  /** Ends the wait for the server to take more. */
  #wake: () => void = () => undefined

  constructor(text: string, path: string, ends: Ends) {
    this.#text = text
    this.#path = path
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
        if (!this.#isOver) connection.sendCopyFail('the file cannot be read')
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
    const file = await open(this.#path)
    try {
      while (!this.#isOver) {
        // The socket may hold what it was given for a while, so each part has its own memory.
        const part = Buffer.allocUnsafe(HEAD + PART_BYTES)
        const length = await fill(file, part.subarray(HEAD))
        if (length === 0) return
        part[0] = COPY_DATA
        part.writeUInt32BE(length + HEAD - 1, 1)
        if (!connection.stream.write(part.subarray(0, HEAD + length))) await this.#drained(connection)
      }
    } finally {
      await file.close()
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

async function fill(file: FileHandle, into: Buffer): Promise<number> {
  return (await file.read(into, 0, into.length)).bytesRead
}
