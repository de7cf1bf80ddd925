import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { assert } from '../../core/assert.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Soon } from '../../core/soon.ts'
import type { Json } from '../../json/exact-json.ts'
import { compileBody } from '../schema/body.ts'
import type { Answer } from '../schema/json-schema.ts'
import { AS_OF_KEYWORD } from '../schema/openapi.ts'
import { compileQuery, type Issue, ParameterError, type RawQuery, type RequestPart } from '../schema/query.ts'
import { AS_OF_HEADER } from './as-of-header.ts'
import { checkHook, type RequestCheck } from './checks.ts'
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
 * 200 unless given, and one of the route's statuses.
 */
export type Reply<Body> = { readonly body: Body; readonly asOf?: string | undefined; readonly status?: number }

/** A rejection that is specific to one vendor call, in the vendor's format. Errors that all calls share are thrown. */
export class VendorError {
  readonly answer: ErrorAnswer

  constructor(answer: ErrorAnswer) {
    this.answer = answer
  }
}

/** A request with a body read by our own parser. */
export type JsonRequest = FastifyRequest<{ Body: Json | undefined }>

/** The parsed parts of a request. A part without a schema is empty. */
export type Input<Params extends TObject, Query extends TObject, Body extends TObject> = {
  readonly params: Static<Params>
  readonly query: Static<Query>
  readonly body: Static<Body>
}

/** A part of a request without a schema. */
export type Nothing = TObject<Record<never, never>>

/** One call. The same schemas parse its path, query and body, serialise its answer, and document all of them. */
export type Route<
  Success extends TSchema,
  Params extends TObject = Nothing,
  Query extends TObject = Nothing,
  Body extends TObject = Nothing,
> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Parameters of the path are written `:name`. */
  readonly path: string
  readonly docs: RouteDocs
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  /** The request headers that the call reads, for the documentation. */
  readonly headers?: TObject
  readonly answer: Success
  /** The statuses that carry the answer; 200 unless given. */
  readonly statuses?: readonly number[]
  /** By status or class of statuses, such as `4xx`. */
  readonly errors: Readonly<Record<string, TSchema>>
  /** Only pages of these origins may call; undefined: all. */
  readonly origins?: readonly string[] | undefined
  /** Runs after the key check, such as a rate limit of this call. */
  readonly check?: RequestCheck
  /** This call's own answer for invalid parameters; by default the vendor's general one. */
  readonly invalid?: (issues: readonly Issue[]) => VendorError
  readonly handle: (
    input: Input<Params, Query, Body>,
    request: JsonRequest,
  ) => Soon<Reply<Answer<Static<Success>>> | VendorError>
}

/** The statuses of a route that gives none. */
export const DEFAULT_STATUSES: readonly number[] = [200]

// Our own parser runs in the handler, typed by the schema; Fastify keeps the schema for the documentation only.
const noValidation = () => () => true

/** Adds a call, and for a GET its HEAD. The errors of the handler reach the server's error handler. */
export function addRoute<
  Success extends TSchema,
  Params extends TObject = Nothing,
  Query extends TObject = Nothing,
  Body extends TObject = Nothing,
>(scope: FastifyInstance, route: Route<Success, Params, Query, Body>): void {
  const { check, body } = route
  const parse = inputParser(route)
  const endOfTick = ticks()
  const statuses = new Set(route.statuses ?? DEFAULT_STATUSES)
  scope.route<{ Params: RawQuery; Querystring: RawQuery; Body: Json | undefined }>({
    method: route.method,
    url: route.path,
    ...(route.origins === undefined ? {} : { config: { origins: route.origins } }),
    schema: schemaOf(route),
    validatorCompiler: noValidation,
    ...(check === undefined ? {} : { onRequest: checkHook(check) }),
    ...(body === undefined ? {} : { preParsing: rejectEncoded }),
    handler: async (request, reply) => {
      const input = orVendorError(() => parse(request), route.invalid)
      const work = input instanceof VendorError ? input : route.handle(input, request)
      const made = work instanceof Promise ? await inTime(work, endOfTick) : work
      await endOfTick()
      return answer(reply, made, statuses)
    },
  })
}

type RawInput = { readonly params: RawQuery; readonly query: RawQuery; readonly body: Json | undefined }

/** Returns the parser of a call's input. It throws ParameterError with all issues. */
export function inputParser<Params extends TObject, Query extends TObject, Body extends TObject>(
  route: Pick<Route<TSchema, Params, Query, Body>, 'params' | 'query' | 'body'>,
): (request: RawInput) => Input<Params, Query, Body> {
  const params = parserOr(route.params, compileQuery)
  const query = parserOr(route.query, compileQuery)
  const body = parserOr(route.body, compileBody)
  return (request) => {
    try {
      return { params: params(request.params), query: query(request.query), body: body(request.body) }
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error
      throw new ParameterError([
        ...issuesOf('path', () => params(request.params)),
        ...issuesOf('query', () => query(request.query)),
        ...issuesOf('body', () => body(request.body)),
      ])
    }
  }
}

/** The issues of a part of a request, each with the part's name. */
function issuesOf(part: RequestPart, parse: () => unknown): readonly Issue[] {
  try {
    parse()
    return []
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error
    return error.issues.map((issue) => ({ ...issue, part }))
  }
}

function parserOr<Schema extends TObject, Raw>(
  schema: Schema | undefined,
  compile: (schema: Schema) => (raw: Raw) => Static<Schema>,
): (raw: Raw) => Static<Schema> {
  // Without a schema, the part's type is that of an empty object.
  return schema === undefined ? () => NONE as Static<Schema> : compile(schema)
}

const NONE: unknown = Object.freeze({})

function schemaOf(route: Route<TSchema, TObject, TObject, TObject>): FastifySchema {
  const { asOf: hasAsOf = false, ...docs } = route.docs
  const successes = (route.statuses ?? DEFAULT_STATUSES).map((status) => [status, route.answer])
  return {
    ...docs,
    security: docs.security ?? [],
    [AS_OF_KEYWORD]: hasAsOf,
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    ...(route.body === undefined ? {} : { body: route.body }),
    response: { ...Object.fromEntries(successes), ...route.errors },
  }
}

/** Rejects a body with a content encoding, such as compression: its bytes are not plain JSON. */
async function rejectEncoded(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || /^(?:identity)?$/i.test(encoding.trim())) return
  // RFC 9110, section 12.5.3: a 415 for an encoding names the accepted encodings.
  reply.header('accept-encoding', 'identity')
  throw new ServiceError('UNSUPPORTED_MEDIA_TYPE', 'Content-Encoding is not supported')
}

/** Returns what `parse` returns, or the call's own answer for invalid parameters. */
export function orVendorError<T>(
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

function answer(reply: FastifyReply, result: Reply<unknown> | VendorError, statuses: ReadonlySet<number>): unknown {
  if (result instanceof VendorError) {
    const { status, body, headers } = result.answer
    reply.code(status).headers(headers ?? {})
    return body
  }
  if (result.asOf !== undefined) reply.header(AS_OF_HEADER, result.asOf)
  reply.code(statusOf(result, statuses))
  return result.body
}

/** The status of an answer. Asserts that the route documents it. */
export function statusOf({ status = 200 }: Reply<unknown>, statuses: ReadonlySet<number>): number {
  // The schema that writes the body is found by the status.
  assert(statuses.has(status), `a route answers with the status ${status}, which it does not document`)
  return status
}
