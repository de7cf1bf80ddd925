import { randomBytes } from 'node:crypto'
import { METHODS } from 'node:http'
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { isServiceError, ServiceError } from '../../core/errors.ts'
import { parseJson } from '../../json/exact-json.ts'
import { describeServer } from '../schema/openapi.ts'
import { compileSerialiser } from '../schema/serialise.ts'
import { AS_OF_HEADER } from './as-of-header.ts'
import { closeInTime } from './close-in-time.ts'
import { answerPreflight, CORS_HEADERS, isPreflight } from './cors.ts'
import type { HttpDeps } from './deps.ts'
import { type Dialect, dialectFinder } from './dialect.ts'
import { toFailure } from './errors.ts'
import { LIMITS, type Limits } from './limits.ts'
import { ServedMethods } from './methods.ts'
import { observeRequests } from './metrics.ts'
import { OWN } from './own-errors.ts'
import { registerOwnRoutes } from './own-routes.ts'
import { ParserErrors, URL_TOO_LONG } from './parser-errors.ts'
import { keepTickShape } from './tick.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** CONNECT never reaches a router. */
const NOT_ROUTED: ReadonlySet<string> = new Set(['CONNECT'])

/**
 * Returns the HTTP server with these dialects and our own paths, not yet listening. `listen()` starts it. `close()`
 * stops it: it accepts no new requests, waits some seconds for running ones, and closes idle connections.
 */
export function createHttpServer(
  deps: HttpDeps,
  dialects: readonly Dialect[],
  limits: Limits = LIMITS,
): FastifyInstance {
  const dialectOf = dialectFinder(dialects, OWN)
  const answerError = errorAnswerer(deps.log, dialectOf)
  const requestId = requestIds()
  const rejected = new ParserErrors({
    render: (failure, url) => (url === undefined ? UNREADABLE : dialectOf(url)).renderError(failure),
    answer: answerError,
    requestId,
    limits: {
      lineMs: limits.firstLineMs,
      bytes: limits.headerBytes,
      urlBytes: LIMITS.urlBytes,
      lingerMs: limits.lingerMs,
    },
  })
  const server = makeFastify({ deps, limits, answerError, requestId, rejected })
  attachConnectionHandlers(server, rejected)
  routeAllMethods(server)

  server.setSerializerCompiler(({ schema }) => compileSerialiser(schema))
  readJsonBodies(server)
  server.decorateRequest('caller', undefined)
  server.decorate('tickShape', keepTickShape())
  server.addHook('onRequest', admit)
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => answerError(notFound(), request, reply))
  rejected.countTo(observeRequests(server, deps.metrics))
  logSlow(server, deps.log)
  closeInTime(server, limits.closeMs)

  describeServer(server, deps.version)
  const served = new ServedMethods()
  for (const dialect of dialects) addScope(server, served, dialect.register)
  addScope(server, served, (scope) => registerOwnRoutes(scope, deps, dialects))
  server.register(async (scope) => served.rejectOtherMethods(scope))
  return server
}

/** Bodies are JSON and are read without loss. Any other media type, or none, is rejected before a handler runs. */
function readJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  const parse = async (_request: FastifyRequest, body: Buffer) => parseJson(body)
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, parse)
}

function addScope(server: FastifyInstance, served: ServedMethods, register: (scope: FastifyInstance) => void): void {
  server.register(async (scope) => {
    served.watch(scope)
    register(scope)
  })
}

type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

/** Value of Retry-After for 503: about one poll of a chain's head, and long enough that retries add little load. */
const RETRY_AFTER_SECONDS = 5

const UNREADABLE: Pick<Dialect, 'renderError'> = {
  renderError: (failure) => OWN.renderError({ ...failure, message: 'Bad request' }),
}

/** Registers every method of Node's parser with the router, so that a path can reject the methods that it lacks. */
function routeAllMethods(server: FastifyInstance): void {
  for (const method of METHODS) {
    if (!NOT_ROUTED.has(method) && !server.supportedMethods.includes(method)) server.addHttpMethod(method)
  }
}

/** Handles the cases that Node would answer or close itself, so that our answers and headers are used. */
function attachConnectionHandlers(server: FastifyInstance, rejected: ParserErrors): void {
  const { server: http } = server
  rejected.lines.watch(http)
  server.addHook('preClose', (done) => {
    rejected.lines.closeWaiting()
    done()
  })
  server.addHook('onRequest', (request, reply, done) => {
    rejected.served(request, reply)
    done()
  })
  http.on('checkExpectation', (request, response) => http.emit('request', request, response))
  http.on('connect', (request, socket) => rejected.rejectTunnel(request.url, socket))
}

type FastifyParts = {
  readonly deps: HttpDeps
  readonly limits: Limits
  readonly answerError: AnswerError
  readonly requestId: () => string
  readonly rejected: ParserErrors
}

function makeFastify({ deps, limits, answerError, requestId, rejected }: FastifyParts): FastifyInstance {
  const { trustProxy } = deps
  return fastify({
    loggerInstance: deps.log,
    // A logger for each request costs more than the request. Our log lines carry the request id instead.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestId,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    bodyLimit: limits.bodyBytes,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.requestMs,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.lateCheckMs,
      // Node would reject a request without Host in its own format. `admit` does it in ours.
      requireHostHeader: false,
    },
    // Each call rejects a long parameter of its path like any other bad one.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LIMITS.urlBytes },
    forceCloseConnections: 'idle',
    // Requests on open connections are answered until they close, instead of with Fastify's own 503.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      stamp(request, reply)
      answerError(error, request, reply)
    },
    clientErrorHandler: (error, socket) => rejected.reject(error, socket),
  })
}

/** Returns a generator of ids that are unique across restarts and processes. An id costs one addition. */
function requestIds(): () => string {
  const boot = randomBytes(6).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${boot}-${count.toString(36)}`
  }
}

/** Sets the headers of every answer. */
function stamp(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(CORS_HEADERS).header('x-request-id', request.id)
}

/** The first check of every request. A request that it rejects reaches neither auth nor a body parser. */
function admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
  stamp(request, reply)
  if (request.url.length > LIMITS.urlBytes) {
    done(new ServiceError(URL_TOO_LONG.code, URL_TOO_LONG.message))
    return
  }
  const failure = headError(request)
  if (failure !== undefined) {
    done(failure)
    return
  }
  if (!request.is404) {
    done()
    return
  }
  if (isPreflight(request)) answerPreflight(reply, 'GET, HEAD, POST, PATCH, DELETE, OPTIONS')
  else done(notFound())
}

/** Returns the error of a request's head beyond its syntax. Undefined if there is none. */
function headError({ headers, raw }: FastifyRequest): ServiceError | undefined {
  // RFC 9112, section 3.2: exactly one Host. Node silently keeps the first of several.
  const hosts = hostHeaders(raw.rawHeaders)
  if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1')) {
    return new ServiceError('BAD_REQUEST', 'Host must be sent once')
  }
  if (headers.expect === undefined || CONTINUE.test(headers.expect)) return undefined
  return new ServiceError('EXPECTATION_FAILED', 'Expectation is not supported')
}

/** The only expectation in HTTP (RFC 9110, section 10.1.1). Node answers it. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

function hostHeaders(rawHeaders: readonly string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}

function notFound(): ServiceError {
  return new ServiceError('NOT_FOUND', 'Not found')
}

/**
 * Returns the error handler. It answers in the format of the dialect that owns the path. Errors that are not the
 * caller's fault are logged, and callers do not see their details.
 */
function errorAnswerer(log: FastifyBaseLogger, dialectOf: (url: string) => Dialect): AnswerError {
  return (error, request, reply) => {
    const failure = toFailure(error)
    logFailure(log, error, { request_id: request.id, route: request.routeOptions?.url, status: failure.code })
    const answer = dialectOf(request.url).renderError(failure)
    // The header is already set if the answer was made but could not be serialised.
    reply.removeHeader(AS_OF_HEADER)
    if (answer.headers !== undefined) reply.headers(answer.headers)
    if (answer.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_SECONDS)
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
