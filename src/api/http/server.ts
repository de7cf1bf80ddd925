import { randomBytes } from 'node:crypto'
import { METHODS } from 'node:http'
import { parse as parseQuery } from 'fast-querystring'
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { ServiceError } from '../../core/errors.ts'
import { parseJson } from '../../json/exact-json.ts'
import { describeServer } from '../schema/openapi.ts'
import { compileSerialiser } from '../schema/serialise.ts'
import { AS_OF_HEADER } from './as-of-header.ts'
import { closeInTime } from './close-in-time.ts'
import { answerPreflight, CORS_HEADERS, isPreflight } from './cors.ts'
import type { HttpDeps } from './deps.ts'
import { type Dialect, dialectFinder } from './dialect.ts'
import { addressReader } from './direct-request.ts'
import { DirectRoutes } from './direct-routes.ts'
import { LIMITS, type Limits } from './limits.ts'
import { ServedMethods } from './methods.ts'
import { observeRequests } from './metrics.ts'
import { OWN } from './own-errors.ts'
import { registerOwnRoutes } from './own-routes.ts'
import { ParserErrors, URL_TOO_LONG } from './parser-errors.ts'
import { headError } from './request-head.ts'
import { keepTickShape } from './tick.ts'
import { failureWriter, JSON_TYPE, type WriteFailure } from './write-failure.ts'

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
  const writeFailure = failureWriter(deps.log, dialectOf)
  const answerError = errorAnswerer(writeFailure)
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
  server.addHook('onRequest', (request, reply, done) => {
    rejected.served(request, reply)
    admit(request, reply, done)
  })
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => answerError(notFound(), request, reply))
  const counts = observeRequests(server, deps.metrics)
  rejected.countTo(counts.rejected)
  const logSlow = slowLogger(server, deps.log)
  const direct = new DirectRoutes({
    closeIdle: closeInTime(server, limits.closeMs),
    requestId,
    addressOf: addressReader(deps.trustProxy),
    writeFailure,
    served: (raw, response) => rejected.servedDirectly(raw, response),
    answeredOf: (route) => {
      const count = counts.of(route)
      return ({ id, status, ms }) => {
        count(status, ms)
        logSlow({ id, route, status, ms })
      }
    },
  })
  takeDirectly(server, direct)

  describeServer(server, deps.version)
  const served = new ServedMethods()
  for (const dialect of dialects) addScope(server, served, dialect.register)
  addScope(server, served, (scope) => registerOwnRoutes(scope, deps, dialects))
  server.register(async (scope) => served.rejectOtherMethods(scope))
  return server
}

/** Lets the direct routes take their requests before Fastify. */
function takeDirectly(server: FastifyInstance, direct: DirectRoutes): void {
  const { server: http } = server
  const routers = http.listeners('request')
  http.removeAllListeners('request')
  http.on('request', (raw, response) => {
    if (direct.take(raw, response)) return
    for (const router of routers) router.call(http, raw, response)
  })
  server.decorate('direct', direct)
  server.decorate('checks', [])
  server.addHook('preClose', (done) => {
    direct.close()
    done()
  })
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
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: LIMITS.urlBytes, querystringParser: parseQuery },
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
  const failure = headError(request.raw)
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

function notFound(): ServiceError {
  return new ServiceError('NOT_FOUND', 'Not found')
}

/** Returns the error handler. It answers in the format of the dialect that owns the path. */
function errorAnswerer(writeFailure: WriteFailure): AnswerError {
  return (error, request, reply) => {
    const { status, headers, text } = writeFailure(error, {
      id: request.id,
      url: request.url,
      route: request.routeOptions?.url,
    })
    // The header is already set if the answer was made but could not be serialised.
    return reply.removeHeader(AS_OF_HEADER).headers(headers).code(status).type(JSON_TYPE).send(text)
  }
}

type Answer = { readonly id: string; readonly route: string | undefined; readonly status: number; readonly ms: number }

/** Logs slow answers. Call the returned function at the end of each answer that does not pass Fastify's hooks. */
function slowLogger(server: FastifyInstance, log: FastifyBaseLogger): (answer: Answer) => void {
  const logSlow = ({ id, route, status, ms }: Answer): void => {
    if (ms > LIMITS.slowMs) log.warn({ request_id: id, route, status, ms: Math.round(ms) }, 'slow answer')
  }
  server.addHook('onResponse', (request, reply, done) => {
    const { id, routeOptions } = request
    logSlow({ id, route: routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime })
    done()
  })
  return logSlow
}
