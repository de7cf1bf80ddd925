import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { ServiceError } from '../../core/errors.ts'
import type { Json } from '../../json/exact-json.ts'
import { compileBody } from '../schema/body.ts'
import type { Answer } from '../schema/json-schema.ts'
import { AS_OF_KEYWORD } from '../schema/openapi.ts'
import { compileQuery, type Issue, ParameterError, type RawQuery } from '../schema/query.ts'
import { AS_OF_HEADER } from './as-of-header.ts'
import { inTime } from './deadline.ts'
import type { ErrorAnswer } from './errors.ts'
import { ticks } from './tick.ts'

/** The route's entry in the OpenAPI document, without its schemas. */
export type RouteDocs = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  /** The answer may carry `Balance-As-Of`. */
  readonly asOf?: boolean
  /** How the key is sent, by the name of a security scheme. Absent if no key is needed. */
  readonly security?: readonly Readonly<Record<string, string[]>>[]
}

/**
 * The result of a handler. `asOf` is the value of the header `Balance-As-Of`, absent if no block is known; `status` is
 * 200 unless given.
 */
export type Reply<Body> = { readonly body: Body; readonly asOf?: string | undefined; readonly status?: 200 | 201 }

/** A rejection that is specific to one vendor call, in the vendor's format. Errors that all calls share are thrown. */
export class VendorError {
  readonly answer: ErrorAnswer

  constructor(answer: ErrorAnswer) {
    this.answer = answer
  }
}

/** A GET route. The same schemas parse the query, serialise the answer and document both. */
export type GetRoute<Query extends TObject, Body extends TSchema> = {
  readonly path: string
  readonly docs: RouteDocs
  readonly query: Query
  readonly answer: Body
  /** By status or class of statuses, such as `4xx`. */
  readonly errors: Readonly<Record<string, TSchema>>
  /** This call's own answer for invalid parameters; by default the vendor's general one. */
  readonly invalid?: (issues: readonly Issue[]) => VendorError
  readonly handle: (query: Static<Query>, request: FastifyRequest) => Promise<Reply<Answer<Static<Body>>> | VendorError>
}

/** A request with a body read by our own parser. */
export type JsonRequest = FastifyRequest<{ Body: Json | undefined }>

/** A POST of JSON. `headers` describes the request headers that it reads, for the documentation. */
export type PostRoute<Body extends TObject, Success extends TSchema> = {
  readonly path: string
  readonly docs: RouteDocs
  readonly headers: TObject
  readonly body: Body
  readonly answer: Success
  /** The success statuses of this call. */
  readonly statuses: readonly (200 | 201)[]
  readonly errors: Readonly<Record<string, TSchema>>
  /** Only pages of these origins may call; undefined: all. */
  readonly origins: readonly string[] | undefined
  readonly invalid?: (issues: readonly Issue[]) => VendorError
  readonly handle: (body: Static<Body>, request: JsonRequest) => Promise<Reply<Answer<Static<Success>>> | VendorError>
}

// Our own parser runs in the handler, typed by the schema; Fastify keeps the schema for the documentation only.
const noValidation = () => () => true

/** Adds a GET and its HEAD. The handler gets a parsed query; its errors reach the server's error handler. */
export function get<Query extends TObject, Body extends TSchema>(
  scope: FastifyInstance,
  route: GetRoute<Query, Body>,
): void {
  const parse = compileQuery(route.query)
  const { asOf: hasAsOf = false, ...docs } = route.docs
  const endOfTick = ticks()
  scope.route<{ Querystring: RawQuery }>({
    method: 'GET',
    url: route.path,
    schema: {
      ...docs,
      security: docs.security ?? [],
      [AS_OF_KEYWORD]: hasAsOf,
      querystring: route.query,
      response: { 200: route.answer, ...route.errors },
    },
    validatorCompiler: noValidation,
    handler: async (request, reply) => {
      const query = orVendorError(() => parse(request.query), route.invalid)
      const made = query instanceof VendorError ? query : await inTime(route.handle(query, request))
      await endOfTick()
      return answer(reply, made)
    },
  })
}

/** Adds a POST. The handler gets a parsed body; its errors reach the server's error handler. */
export function post<Body extends TObject, Success extends TSchema>(
  scope: FastifyInstance,
  route: PostRoute<Body, Success>,
): void {
  const parse = compileBody(route.body)
  const { asOf: _, ...docs } = route.docs
  const endOfTick = ticks()
  scope.route<{ Body: Json | undefined }>({
    method: 'POST',
    url: route.path,
    ...(route.origins === undefined ? {} : { config: { origins: route.origins } }),
    schema: {
      ...docs,
      security: docs.security ?? [],
      headers: route.headers,
      body: route.body,
      response: {
        ...Object.fromEntries(route.statuses.map((status) => [status, route.answer])),
        ...route.errors,
      },
    },
    validatorCompiler: noValidation,
    preParsing: rejectEncoded,
    handler: async (request, reply) => {
      const body = orVendorError(() => parse(request.body), route.invalid)
      const made = body instanceof VendorError ? body : await inTime(route.handle(body, request))
      await endOfTick()
      return answer(reply, made)
    },
  })
}

/** Rejects a body with a content encoding, such as compression: its bytes are not plain JSON. */
async function rejectEncoded(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || /^(?:identity)?$/i.test(encoding.trim())) return
  // RFC 9110, section 12.5.3: a 415 for an encoding names the accepted encodings.
  reply.header('accept-encoding', 'identity')
  throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is not supported')
}

function orVendorError<T>(
  parse: () => T,
  invalid: ((issues: readonly Issue[]) => VendorError) | undefined,
): T | VendorError {
  try {
    return parse()
  } catch (error) {
    if (invalid !== undefined && error instanceof ParameterError) return invalid(error.issues)
    throw error
  }
}

function answer(reply: FastifyReply, result: Reply<unknown> | VendorError): unknown {
  if (result instanceof VendorError) {
    const { status, body, headers } = result.answer
    reply.code(status).headers(headers ?? {})
    return body
  }
  if (result.asOf !== undefined) reply.header(AS_OF_HEADER, result.asOf)
  reply.code(result.status ?? 200)
  return result.body
}
