import type { FastifyInstance } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { assert } from '../../core/assert.ts'
import { andThen, type Soon } from '../../core/soon.ts'
import type { Answer } from '../schema/json-schema.ts'
import type { RawQuery } from '../schema/query.ts'
import { compileSerialiser } from '../schema/serialise.ts'
import { AS_OF_HEADER } from './as-of-header.ts'
import {
  addRoute,
  DEFAULT_STATUSES,
  type Input,
  inputParser,
  type Nothing,
  orVendorError,
  type Reply,
  type Route,
  statusOf,
  VendorError,
} from './route.ts'
import type { WrittenAnswer } from './write-failure.ts'

/** A GET of a fixed path, whose handler needs nothing of the request but its query. */
export type Direct<Success extends TSchema, Query extends TObject> = Omit<
  Route<Success, Nothing, Query>,
  'method' | 'params' | 'query' | 'body' | 'origins' | 'handle'
> & {
  readonly query: Query
  readonly handle: (input: Input<Nothing, Query, Nothing>) => Soon<Reply<Answer<Static<Success>>> | VendorError>
}

/** Adds a call as `addRoute` does, and lets its usual requests pass by the router (decision 43). */
export function addDirectRoute<Success extends TSchema, Query extends TObject>(
  scope: FastifyInstance,
  call: Direct<Success, Query>,
): void {
  addRoute<Success, Nothing, Query>(scope, { ...call, method: 'GET' })
  assert(!call.path.includes(':'), 'a direct call has no parameters in its path')
  const { path, check, invalid, handle } = call
  const parse = inputParser<Nothing, Query, Nothing>({ query: call.query })
  const write = answerWriter(call)
  scope.direct.add({
    path,
    checks: check === undefined ? scope.checks : [...scope.checks, check],
    answer: (query) => {
      const input = orVendorError(() => parse({ params: NO_PARAMETERS, query, body: undefined }), invalid)
      return andThen(input instanceof VendorError ? input : handle(input), write)
    },
  })
}

const NO_PARAMETERS: RawQuery = Object.freeze({})
const NO_HEADERS: WrittenAnswer['headers'] = Object.freeze({})

type Documented = {
  readonly answer: TSchema
  readonly statuses?: readonly number[]
  readonly errors: Readonly<Record<string, TSchema>>
}

/** Returns the writer of a call's answers, each by the schema of its status. */
function answerWriter(call: Documented): (result: Reply<unknown> | VendorError) => WrittenAnswer {
  const statuses = new Set(call.statuses ?? DEFAULT_STATUSES)
  const writeBody = compileSerialiser(call.answer)
  const errors = new Map(Object.entries(call.errors).map(([status, schema]) => [status, compileSerialiser(schema)]))
  return (result) => {
    if (result instanceof VendorError) {
      const { status, body, headers = NO_HEADERS } = result.answer
      const writeError = errors.get(`${status}`) ?? errors.get(`${Math.floor(status / 100)}xx`)
      assert(writeError !== undefined, `a route answers with the status ${status}, which it does not document`)
      return { status, headers, text: writeError(body) }
    }
    const headers = result.asOf === undefined ? NO_HEADERS : { [AS_OF_HEADER]: result.asOf }
    return { status: statusOf(result, statuses), headers, text: writeBody(result.body) }
  }
}
