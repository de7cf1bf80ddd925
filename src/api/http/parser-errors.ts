import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/errors.ts'
import { CORS_HEADERS } from './cors.ts'
import type { ErrorAnswer, Failure } from './errors.ts'
import { type FirstLineLimits, FirstRequestLines } from './first-request-lines.ts'

/** The method and target of a readable request line. */
type RequestLine = { readonly method: string; readonly url: string }

/** The rejected request's line, if it could be read, and headers in addition to those of every rejection. */
type ParserAnswer = { readonly line: RequestLine | undefined; readonly other?: Readonly<Record<string, string>> }

/** How requests that Node's parser rejects are answered. */
export type ParserErrorsOptions = {
  /** Renders a failure for a URL. Undefined: no request line could be read. */
  readonly render: (failure: Failure, url: string | undefined) => ErrorAnswer
  /** Answers a request before its handler has the whole body. */
  readonly answer: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply
  readonly requestId: () => string
  /**
   * `lingerMs`: how long a rejected connection stays open so that the client can read the answer. `urlBytes`: the
   * longest URL.
   */
  readonly limits: FirstLineLimits & { readonly lingerMs: number; readonly urlBytes: number }
}

/** A request with a valid head. `routed`: as Fastify has it; undefined if it is answered without the router. */
type Served = {
  readonly raw: IncomingMessage
  readonly response: ServerResponse
  readonly routed?: { readonly request: FastifyRequest; readonly reply: FastifyReply }
}

/** Node's error for a request that it rejects before any handler runs. */
type ClientError = Error & { readonly code?: string; readonly rawPacket?: unknown; readonly bytesParsed?: unknown }

const BAD_REQUEST: Failure = { code: 'BAD_REQUEST', message: 'Bad request' }
/** RFC 9112, section 3: a request target above the server's limit gets 414, not 400 or 431. */
export const URL_TOO_LONG = { code: 'URL_TOO_LONG', message: 'URL is too long' } as const satisfies Failure
const TIMEOUT: Failure = { code: 'REQUEST_TIMEOUT', message: 'Request timed out' }

/** By Node's error code. All other codes mean a malformed request. */
const FAILURES: Readonly<Record<string, Failure>> = {
  HPE_HEADER_OVERFLOW: { code: 'HEADERS_TOO_LARGE', message: 'Headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: TIMEOUT,
}

/**
 * Answers requests that Node's parser rejects, in the error format of the dialect that owns the path, with the headers
 * of every answer. The connection then ends, since the start of the next request is unknown.
 */
export class ParserErrors {
  readonly lines: FirstRequestLines
  readonly #options: ParserErrorsOptions
  /** The latest request of a connection. */
  readonly #last = new WeakMap<Socket, Served>()
  readonly #rejected = new WeakSet<Socket>()
  #onRejected: (status: number) => void = () => undefined

  constructor(options: ParserErrorsOptions) {
    this.#options = options
    this.lines = new FirstRequestLines(options.limits, (socket, why) => {
      this.#answer(socket, why === 'late' ? TIMEOUT : BAD_REQUEST, { line: undefined })
    })
  }

  /** Sets the function that counts rejections by status. */
  countTo(count: (status: number) => void): void {
    this.#onRejected = count
  }

  /** Records a request with a valid head: a later error may concern its body, or the head of the next request. */
  served(request: FastifyRequest, reply: FastifyReply): void {
    this.#last.set(request.raw.socket, { raw: request.raw, response: reply.raw, routed: { request, reply } })
  }

  /** As `served`, for a request without a body that is answered without the router. */
  servedDirectly(raw: IncomingMessage, response: ServerResponse): void {
    this.#last.set(raw.socket, { raw, response })
  }

  /** The listener for a server's `clientError`. */
  reject(error: ClientError, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    if (this.#rejected.has(socket)) return
    this.#rejected.add(socket)
    const last = this.#last.get(socket)
    const line = requestLine(last === undefined ? this.lines.of(socket) : lineIn(error))
    const isLong = line === undefined ? last === undefined && this.lines.isTooLong(socket) : this.#isTooLong(line)
    const failure = isLong ? URL_TOO_LONG : (FAILURES[error.code ?? ''] ?? BAD_REQUEST)
    if (last !== undefined && !last.raw.complete) {
      this.#rejectBody(failure, last)
      return
    }
    const answer = (): void => this.#answer(socket, failure, { line })
    // Answers leave in the order of their requests, so earlier ones go first.
    if (last === undefined || last.response.writableFinished) answer()
    else last.response.once('finish', answer)
  }

  /** Rejects CONNECT: the server opens no tunnels. */
  rejectTunnel(url: string | undefined, socket: Duplex): void {
    const isPath = url?.startsWith('/') === true
    const failure: Failure = { code: 'METHOD_NOT_ALLOWED', message: 'Method not allowed' }
    if (isPath) this.#answer(socket, BAD_REQUEST, { line: { method: 'CONNECT', url } })
    else this.#answer(socket, failure, { line: { method: 'CONNECT', url: '/' }, other: { allow: '' } })
  }

  #isTooLong({ url }: RequestLine): boolean {
    return url.length > this.#options.limits.urlBytes
  }

  /** Rejects a malformed or late body. Its request is known, so the normal error handler answers it. */
  #rejectBody(failure: Failure, { raw: body, response, routed }: Served): void {
    const error = new ServiceError(failure.code, failure.message)
    if (response.writableFinished) body.socket.destroy()
    else if (response.headersSent || routed === undefined || !takesBody(routed.request)) {
      response.once('finish', () => body.socket.destroy())
    } else if (body.listenerCount('error') > 0) body.emit('error', error)
    else this.#options.answer(error, routed.request, routed.reply.header('connection', 'close'))
  }

  #answer(socket: Duplex, failure: Failure, { line, other = {} }: ParserAnswer): void {
    if (!socket.writable) {
      socket.destroy()
      return
    }
    const { status, body, headers = {} } = this.#options.render(failure, line?.url)
    const text = JSON.stringify(body)
    const all = {
      ...CORS_HEADERS,
      'x-request-id': this.#options.requestId(),
      ...headers,
      ...other,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      connection: 'close',
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n`
    this.#onRejected(status)
    socket.once('error', () => socket.destroy())
    socket.end(line?.method === 'HEAD' ? head : head + text)
    // An immediate close would reset a connection that still sends, and the client would lose the answer.
    const linger = setTimeout(() => socket.destroy(), this.#options.limits.lingerMs)
    socket.once('close', () => clearTimeout(linger))
  }
}

/** True if a handler waits for the body. Other requests ignore the body and are answered normally. */
function takesBody({ method, is404 }: FastifyRequest): boolean {
  return !is404 && method !== 'GET' && method !== 'HEAD'
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/\d\.\d$/

function requestLine(line: string | undefined): RequestLine | undefined {
  const [, method, url] = REQUEST_LINE.exec(line ?? '') ?? []
  return method === undefined || url === undefined ? undefined : { method, url }
}

const HEAD_END = '\r\n\r\n'

/** Returns the first line of the head that the parser failed on, if it came in the same packet. */
function lineIn({ rawPacket, bytesParsed }: ClientError): string | undefined {
  if (!Buffer.isBuffer(rawPacket) || typeof bytesParsed !== 'number') return undefined
  const before = rawPacket.lastIndexOf(HEAD_END, bytesParsed - 1, 'latin1')
  const start = before === -1 ? 0 : before + HEAD_END.length
  const end = rawPacket.indexOf('\r\n', start, 'latin1')
  return end === -1 ? undefined : rawPacket.toString('latin1', start, end)
}
