import type { Dispatcher } from 'undici'
import type { BodyBytes, BodyMemory } from './body-memory.ts'
import { tooLarge } from './decode-body.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** An answer whose body is complete, as it was sent: perhaps compressed. */
export type Received = { readonly status: number; readonly headers: Headers; readonly body: BodyBytes }

/** `maxBytes`: the largest body. `memory`: what the body is put into. */
export type ReceiveOptions = {
  readonly maxBytes: number
  readonly memory: BodyMemory
  readonly signal: AbortSignal
}

/**
 * Sends a request and receives the answer into memory that is used again. It takes each chunk from the connection as it comes:
 * a stream between them costs more than the reading of a large answer.
 * @throws NODE_TOO_LARGE; what undici or the signal gave as the reason
 */
export function receive(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  options: ReceiveOptions,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(request, new Receiver(options, { resolve, reject }))
  })
}

type Settle = { readonly resolve: (received: Received) => void; readonly reject: (reason: unknown) => void }

class Receiver implements Dispatcher.DispatchHandler {
  readonly #options: ReceiveOptions
  readonly #settle: Settle
  readonly #onAbort = (): void => this.#stop()
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: Headers = {}
  #body: BodyBytes | undefined

  constructor(options: ReceiveOptions, settle: Settle) {
    this.#options = options
    this.#settle = settle
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#options.signal.aborted) this.#stop()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // An interim answer (1xx) is followed by the real one.
    if (status < 200) return
    const { memory, maxBytes } = this.#options
    const length = Number(headers['content-length']) || 0
    // What is thrown here closes the connection: the rest is never read.
    if (length > maxBytes) throw tooLarge(maxBytes)
    this.#status = status
    this.#headers = headers
    this.#body = memory.take(length)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxBytes } = this.#options
    const body = this.#body
    if (body === undefined) return
    if (body.length + chunk.length > maxBytes) throw tooLarge(maxBytes)
    body.add(chunk)
  }

  onResponseEnd(): void {
    this.#end()
    const body = this.#body
    this.#body = undefined
    if (body !== undefined) this.#settle.resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end()
    if (this.#body !== undefined) this.#options.memory.give(this.#body)
    this.#body = undefined
    this.#settle.reject(error)
  }

  /** Ends the request. One that waits for a connection is told so later, but its caller does not wait. */
  #stop(): void {
    const { reason } = this.#options.signal
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted', { cause: reason }))
    this.#settle.reject(reason)
  }

  #end(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }
}
