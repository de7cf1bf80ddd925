import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { AS_OF_HEADER } from './as-of.ts'
import type { Answer } from './json-schema.ts'
import { AS_OF_KEYWORD } from './openapi.ts'
import { compileQuery, type RawQuery } from './query.ts'

/** What the OpenAPI document says of a route, beside its schemas. */
export type RouteDocs = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  /** The answer may carry `Balance-As-Of`. */
  readonly asOf?: boolean
  /** How the key is sent, by the name of a security scheme; absent where none is asked. */
  readonly security?: readonly Readonly<Record<string, string[]>>[]
}

/** What a handler answers with. `asOf` is the value of the header `Balance-As-Of`, absent where no block is known. */
export type Reply<Body> = { readonly body: Body; readonly asOf?: string | undefined }

/** A GET: its query is parsed, its answer written and both documented by the same schemas. */
export type GetRoute<Query extends TObject, Body extends TSchema> = {
  readonly path: string
  readonly docs: RouteDocs
  readonly query: Query
  readonly answer: Body
  /** By status or class of statuses, such as `4xx`. */
  readonly errors: Readonly<Record<string, TSchema>>
  readonly handle: (query: Static<Query>, request: FastifyRequest) => Promise<Reply<Answer<Static<Body>>>>
}

// Our own parser runs in the handler, typed by the schema; Fastify keeps the schema for the documentation only.
const noValidation = () => () => true

/** Adds a GET and its HEAD. The handler sees a parsed query; what it throws reaches the server's error handler. */
export function get<Query extends TObject, Body extends TSchema>(
  scope: FastifyInstance,
  route: GetRoute<Query, Body>,
): void {
  const parse = compileQuery(route.query)
  const { asOf: hasAsOf = false, ...docs } = route.docs
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
      const { body, asOf } = await route.handle(parse(request.query), request)
      if (asOf !== undefined) reply.header(AS_OF_HEADER, asOf)
      return body
    },
  })
}
