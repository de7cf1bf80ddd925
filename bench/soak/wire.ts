import { connect, type Socket } from 'node:net'

/** The outcome of a request: the status of its answer, or how the connection ended without one. */
export type Outcome = number | 'closed' | 'no answer'

/** How long a caller waits for an answer, in milliseconds: longer than any deadline of the server. */
const ANSWER_TIMEOUT_MS = 45_000
/** The most bytes of an answer kept to find its end. Answers here are smaller. */
const MAX_HEAD_BYTES = 64 * 1024

/** One connection to a server. It reconnects after it was closed. */
export class Wire {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
  }

  /** The open socket. @throws the system's error if the connection is refused */
  async open(): Promise<Socket> {
    if (this.#socket !== undefined && !this.#socket.destroyed && this.#socket.writable) return this.#socket
    this.#socket?.destroy()
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    // A reset is an outcome here: `answer` sees the close after it.
    socket.on('error', () => undefined)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    this.#socket = socket
    return socket
  }

  /** Sends bytes and waits for one complete answer. */
  async ask(bytes: Buffer | string): Promise<Outcome> {
    const socket = await this.open()
    const answered = answer(socket)
    socket.write(bytes)
    const outcome = await answered
    if (outcome === 'no answer') this.cut()
    return outcome
  }

  /** Ends the connection at once, with any open request. */
  cut(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

/** Waits for one complete answer on a socket. */
export function answer(socket: Socket): Promise<Outcome> {
  return new Promise((resolve) => {
    let head = ''
    let left = -1
    const end = (outcome: Outcome): void => {
      clearTimeout(timer)
      socket.off('data', receive).off('close', closed)
      resolve(outcome)
    }
    const timer = setTimeout(() => end('no answer'), ANSWER_TIMEOUT_MS)
    const closed = (): void => end(statusOf(head) ?? 'closed')
    const receive = (chunk: Buffer): void => {
      if (left < 0) {
        head += chunk.toString('latin1')
        const bodyAt = head.indexOf('\r\n\r\n') + 4
        if (bodyAt < 4 && head.length < MAX_HEAD_BYTES) return
        left = Number(/^content-length: (\d+)/im.exec(head.slice(0, bodyAt))?.[1] ?? 0) - (head.length - bodyAt)
      } else {
        left -= chunk.length
      }
      if (left <= 0) end(statusOf(head) ?? 'closed')
    }
    socket.on('data', receive).once('close', closed)
  })
}

function statusOf(head: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]
  return status === undefined ? undefined : Number(status)
}
