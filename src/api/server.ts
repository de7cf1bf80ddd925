import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { AS_OF_HEADER } from './as-of.ts'
import { closeInTime } from './closing.ts'
import { answerPreflight, CORS_HEADERS, isPreflight } from './cors.ts'
import type { ServerDeps } from './deps.ts'
import { type Dialect, dialectFinder } from './dialect.ts'
import { abcLabs } from './dialects/abc-labs/routes.ts'
import { chainbase } from './dialects/chainbase/routes.ts'
import { toFailure } from './errors.ts'
import { parseJson } from './exact-json.ts'
import { LIMITS } from './limits.ts'
import { ServedMethods } from './methods.ts'
import { observeRequests } from './metrics.ts'
import { describeServer } from './openapi.ts'
import { OWN } from './own.ts'
import { registerOwnRoutes } from './own-routes.ts'
import { compileSerialiser } from './serialise.ts'
import { keepTickShape } from './turn.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * The HTTP server with every enabled dialect, not yet listening. `listen()` starts it, `close()` stops it: it accepts
 * nothing new, lets running requests end, for some seconds, and closes idle connections.
 */
export function createServer(deps: ServerDeps): FastifyInstance {
  const dialects = enabledDialects(deps)
  const dialectOf = dialectFinder(dialects, OWN)
  const answerError = errorAnswerer(deps.log, dialectOf)
  const server = makeFastify(deps, answerError)

  server.setSerializerCompiler(({ schema }) => compileSerialiser(schema))
  readJsonBodies(server)
  server.decorateRequest('caller', undefined)
  server.decorate('tickShape', keepTickShape())
  server.addHook('onRequest', admit)
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => answerError(notFound(), request, reply))
  observeRequests(server, deps.metrics)
  logSlow(server, deps.log)
  closeInTime(server, LIMITS.closeMs)

  describeServer(server, deps.version)
  const served = new ServedMethods()
  for (const dialect of dialects) addScope(server, served, dialect.register)
  addScope(server, served, (scope) => registerOwnRoutes(scope, deps))
  server.register(async (scope) => served.refuseOthers(scope))
  return server
}

/** Bodies are JSON, read without loss; any other media type, or none, is refused before a handler sees it. */
function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  const parse = async (_request: FastifyRequest, body: Buffer) => parseJson(body)
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse)
}

/** The dialects that the configuration leaves on, one line each. */
function enabledDialects(deps: ServerDeps): readonly Dialect[] {
  const { dialects } = deps.settings
  return [
    ...(dialects.abcLabs.enabled ? [abcLabs(deps)] : []),
    ...(dialects.chainbase.enabled ? [chainbase(deps)] : []),
  ]
}

function addScope(server: FastifyInstance, served: ServedMethods, register: (scope: FastifyInstance) => void): void {
  server.register(async (scope) => {
    served.watch(scope)
    register(scope)
  })
}

type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

function makeFastify(deps: ServerDeps, answerError: AnswerError): FastifyInstance {
  const { trustProxy } = deps.settings
  return fastify({
    loggerInstance: deps.log,
    // A logger for each request costs more than the request; what we log of one carries its id.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestIds(),
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    bodyLimit: LIMITS.bodyBytes,
    keepAliveTimeout: LIMITS.keepAliveMs,
    requestTimeout: LIMITS.requestMs,
    http: { maxHeaderSize: LIMITS.headerBytes },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LIMITS.pathSegmentBytes },
    forceCloseConnections: 'idle',
    // Requests on connections that are still open are answered until they close: better than a 503 of no vendor.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      stamp(request, reply)
      answerError(error, request, reply)
    },
    clientErrorHandler: refuseConnection,
  })
}

/** Ids that are unique over restarts and processes, and cost an addition. */
function requestIds(): () => string {
  const boot = randomBytes(6).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${boot}-${count.toString(36)}`
  }
}

/** The headers of every answer. */
function stamp(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(CORS_HEADERS).header('x-request-id', request.id)
}

/** What every request passes first; what it refuses never reaches auth or a body parser. */
function admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
  stamp(request, reply)
  if (request.url.length > LIMITS.urlBytes) {
    done(new ServiceError('BAD_REQUEST', 'URL is too long'))
    return
  }
  if (!request.is404) {
    done()
    return
  }
  if (isPreflight(request)) answerPreflight(reply, 'GET, HEAD, POST, PATCH, DELETE, OPTIONS')
  else done(notFound())
}

function notFound(): ServiceError {
  return new ServiceError('NOT_FOUND', 'Not found')
}

/** Answers in the words of the vendor whose path it is. What is not the caller's doing is logged, and not told. */
function errorAnswerer(log: FastifyBaseLogger, dialectOf: (url: string) => Dialect): AnswerError {
  return (error, request, reply) => {
    const failure = toFailure(error)
    logFailure(log, error, { request_id: request.id, route: request.routeOptions?.url, status: failure.code })
    const answer = dialectOf(request.url).renderError(failure)
    // Set where the answer was made but could not be written.
    reply.removeHeader(AS_OF_HEADER)
    if (answer.headers !== undefined) reply.headers(answer.headers)
    return reply.code(answer.status).type(JSON_TYPE).send(JSON.stringify(answer.body))
  }
}

function logFailure(log: FastifyBaseLogger, error: unknown, about: Readonly<Record<string, unknown>>): void {
  if (isServiceError(error)) {
    if (!error.expose) log.warn({ ...about, code: error.code, fields: error.fields }, error.message)
  } else if (about.status === 'INTERNAL') {
    log.error({ ...about, code: 'INTERNAL', err: error }, 'a bug: a request failed')
  }
}

function logSlow(server: FastifyInstance, log: FastifyBaseLogger): void {
  server.addHook('onResponse', (request, reply, done) => {
    if (reply.elapsedTime > LIMITS.slowMs) {
      const ms = Math.round(reply.elapsedTime)
      log.warn({ request_id: request.id, route: request.routeOptions.url, status: reply.statusCode, ms }, 'slow answer')
    }
    done()
  })
}

/** What Node's parser refuses has no path and so no vendor: our own words, by hand, and the connection ends. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, says] = CONNECTION_ERRORS[error.code ?? ''] ?? ['400 Bad Request', 'Bad request']
  const body = JSON.stringify({ error: says })
  const headers = { ...CORS_HEADERS, 'content-type': JSON_TYPE, 'content-length': body.length, connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`)
}

const CONNECTION_ERRORS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'Headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Request timed out'],
}
