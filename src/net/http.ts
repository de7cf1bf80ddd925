import { Pool } from 'undici'
import { ServiceError } from '../core/errors.ts'
import type { TlsIdentity } from '../core/tls-identity.ts'
import { nodeLabel, percentDecoded } from '../core/url.ts'
import { BodyMemory } from './body-memory.ts'
import { within } from './deadline.ts'
import { decodeBody } from './decode-body.ts'
import { receive } from './receive.ts'
import { MAX_HEAD, reusingConnector } from './reused-reads.ts'
import { aborted, throwIfAborted } from './wait.ts'

/** Bounds of one request. */
export type HttpLimits = {
  /** From sending to the last byte of the answer, in milliseconds. */
  readonly timeoutMs: number
  /** Largest answer, in bytes of body. */
  readonly maxBytes: number
}

/** Connections to one node: enough for a backfill and the API's reads, too few to look like an attack. */
const MAX_CONNECTIONS = 24
/** A node that does not accept a connection within this is down; longer waits only delay the fail-over. */
const CONNECT_TIMEOUT_MS = 5_000
/** We close an idle connection before common load balancers do, which would cost a failed request. */
const KEEP_ALIVE_MS = 4_000
/** The longest Retry-After that we follow: a pause of an hour after one answer would be an outage. */
const MAX_RETRY_AFTER_MS = 30_000

/** A complete answer of any status. */
export type HttpAnswer = {
  readonly status: number
  /** UTF-8 text, unless the endpoint answers something else. */
  readonly body: Buffer
  /** Says that nothing looks at the body any more, so that its memory is used again. */
  readonly free: () => void
  /** What the Retry-After header asks for, capped; undefined without one. */
  readonly retryAfterMs: number | undefined
}

/** An endpoint that answers with JSON. Errors name it by `label`, which is safe to log. */
export type HttpEndpoint = {
  readonly label: string
  /**
   * Sends a POST of JSON to the URL. `maxBytes` overrides the usual limit. An error status is not an error here.
   * @throws NODE_UNREACHABLE, NODE_TIMEOUT, NODE_TOO_LARGE, NODE_GARBAGE, ABORTED
   */
  readonly post: (body: string, signal: AbortSignal, maxBytes?: number) => Promise<HttpAnswer>
  /** As `post`, to `below`, as for `get`. */
  readonly postBelow: (below: string, body: string, signal: AbortSignal) => Promise<HttpAnswer>
  /**
   * Sends a GET to `below`, a path that starts with a slash and is added to the URL's own path. The URL's query stays.
   * Redirects are not followed: their status is the answer's.
   * @throws NODE_UNREACHABLE, NODE_TIMEOUT, NODE_TOO_LARGE, NODE_GARBAGE, ABORTED
   */
  readonly get: (below: string, signal: AbortSignal) => Promise<HttpAnswer>
}

type Sent = Readonly<{ method: 'GET'; path: string } | { method: 'POST'; path: string; body: string }>

/**
 * Creates a pool of connections to the URL's origin. The URL's user and password are sent as Basic authorization.
 * @throws NODE_UNREACHABLE the certificate or the key cannot be used
 */
export function createEndpoint(url: string, limits: HttpLimits, tls?: TlsIdentity): HttpEndpoint {
  const label = nodeLabel(url)
  const { origin, pathname, search, username, password } = new URL(url)
  const pool = new Pool(origin, {
    connections: MAX_CONNECTIONS,
    connect: reusingConnector({ timeout: CONNECT_TIMEOUT_MS, ...connectOptions(tls) }),
    maxHeaderSize: MAX_HEAD,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
  })
  const memory = new BodyMemory()
  const usual: Record<string, string> = { accept: 'application/json' }
  if (username !== '') usual.authorization = basic(username, password)
  const pathOf = (below: string): string => pathname.replace(/\/$/, '') + below + search
  const send = (sent: Sent, signal: AbortSignal, maxBytes: number): Promise<HttpAnswer> => {
    throwIfAborted(signal)
    const headers = sent.method === 'POST' ? { ...usual, 'content-type': 'application/json' } : usual
    return within({ ms: limits.timeoutMs, signal }, async (bounded) => {
      try {
        const received = await receive(pool, { ...sent, headers }, { maxBytes, memory, signal: bounded })
        const encoding = received.headers['content-encoding']
        return {
          status: received.status,
          body: await decodeBody(received.body.bytes(), { maxBytes, encoding }),
          free: () => memory.give(received.body),
          retryAfterMs: retryAfter(received.headers['retry-after']),
        }
      } catch (error) {
        if (signal.aborted) throw aborted(signal)
        throw asServiceError(error, { label, limits, timedOut: bounded.aborted, hasCertificate: tls !== undefined })
      }
    })
  }
  return {
    label,
    post: async (body, signal, maxBytes = limits.maxBytes) =>
      send({ method: 'POST', path: pathname + search, body }, signal, maxBytes),
    postBelow: async (below, body, signal) =>
      send({ method: 'POST', path: pathOf(below), body }, signal, limits.maxBytes),
    get: async (below, signal) => send({ method: 'GET', path: pathOf(below) }, signal, limits.maxBytes),
  }
}

function connectOptions(tls: TlsIdentity | undefined) {
  if (tls === undefined) return {}
  const { cert, key, ca } = tls
  // The name in a node's own certificate is not its host's.
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca, checkServerIdentity: () => undefined }
  return { cert, key, ...trust }
}

type Header = string | string[] | undefined

function basic(username: string, password: string): string {
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** Milliseconds of a Retry-After header (RFC 9110 section 10.2.3): seconds, or a date. */
function retryAfter(header: Header): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

const TIMEOUT_CODES = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** What a failure of TLS means, by its code (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const TLS_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE|ACCESS_DENIED)/, 'the node refuses our client certificate'],
  [/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED/, 'nobody we trust signed the certificate of the node'],
  [/^CERT_HAS_EXPIRED$/, 'the certificate of the node has expired'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'the certificate of the node is for another host'],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/, 'the node does not speak TLS there'],
]

/** A node that refuses a certificate may close the connection without a word, and so does one that breaks. */
const CLOSED = new Set(['ECONNRESET', 'UND_ERR_SOCKET'])

function asServiceError(
  error: unknown,
  request: { label: string; limits: HttpLimits; timedOut: boolean; hasCertificate: boolean },
): ServiceError {
  if (error instanceof ServiceError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const { label, limits } = request
  if (request.timedOut || TIMEOUT_CODES.has(code)) {
    const fields = { node: label, timeoutMs: limits.timeoutMs }
    return new ServiceError('NODE_TIMEOUT', `${label} did not answer in ${limits.timeoutMs} ms`, { fields })
  }
  const fields = { node: label, reason: code }
  const why = TLS_WORDS.find(([codes]) => codes.test(code))?.[1]
  const mayRefuse = request.hasCertificate && CLOSED.has(code)
  const closed = mayRefuse ? `(${code}): it closed it, perhaps because it refuses our client certificate` : `(${code})`
  const words = why === undefined ? closed : `over TLS: ${why} (${code})`
  return new ServiceError('NODE_UNREACHABLE', `No connection to ${label} ${words}`, { cause: error, fields })
}
