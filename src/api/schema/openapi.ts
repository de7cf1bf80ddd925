import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { isRecord } from '../../core/is-record.ts'
import { PRIVATE_KEYWORDS } from './json-schema.ts'

/** A document of OpenAPI 3.1, as plain data. */
export type OpenApi = Readonly<Record<string, unknown>>

const AS_OF = {
  schema: { type: 'string' },
  description:
    'The block of the answer, its finality, the source of the amounts, and their age in seconds: an item of RFC 9651. All rows are of that block. With `uniform=?0` some rows are of other blocks: the block is then the lowest, and finality, source and age are the worst of all rows. With `complete=?0` the list may lack rows. Without a block, nothing of the chain is indexed yet.',
  example: '"eip155:1";block=19000000;hash="0x2c…";finality=finalized;source=events;age=2',
}
const REQUEST_ID = { schema: { type: 'string' }, description: 'Identifies this request in the server log.' }

declare module 'fastify' {
  interface FastifySchema {
    'x-balance-as-of'?: boolean
  }
}

/** Marks an operation with `Balance-As-Of` in its successful answers. */
export const AS_OF_KEYWORD = 'x-balance-as-of'

/** Collects the schemas of all routes that are added later. */
export function describeServer(server: FastifyInstance, version: string): void {
  server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Steelyard',
        version,
        description:
          'A token-balance server that you run yourself. Every balance names its block, an unknown amount is never shown as zero, and every integer is exact.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          ApiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
          Session: { type: 'http', scheme: 'bearer' },
        },
      },
    },
  })
}

/**
 * Returns the document of a ready server. Named schemas appear once under `components`, and answers reference their
 * headers.
 */
export function readDocument(server: FastifyInstance): OpenApi {
  const components: Record<string, unknown> = {}
  const document = clean(server.swagger(), components)
  if (!isRecord(document)) return {}
  const known = isRecord(document.components) ? document.components : {}
  const schemas = Object.fromEntries(Object.entries(components).sort(([one], [other]) => (one < other ? -1 : 1)))
  return {
    ...document,
    components: { ...known, schemas, headers: { BalanceAsOf: AS_OF, RequestId: REQUEST_ID } },
  }
}

/** Returns a copy without our private keywords. Titled schemas move to `components` and are replaced by references. */
function clean(value: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => clean(item, components))
  if (!isRecord(value)) return value
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (PRIVATE_KEYWORDS.has(key) || key === AS_OF_KEYWORD) continue
    const cleaned = clean(item, components)
    copy[key] = key === 'responses' ? responses(cleaned, value[AS_OF_KEYWORD] === true) : cleaned
  }
  // The swagger plugin writes a constant as an enum of one value, as OpenAPI 3.0 needs it.
  if (Array.isArray(copy.enum) && copy.enum.length === 1) {
    copy.const = copy.enum[0]
    delete copy.enum
  }
  if (Array.isArray(copy.parameters)) copy.parameters = copy.parameters.map(parameter)
  const title = copy.title
  if (typeof title !== 'string' || copy.type !== 'object') return copy
  components[title] = copy
  return { $ref: `#/components/schemas/${title}` }
}

/**
 * Fixes a parameter: with a default it is not required, and the style of a list belongs beside its schema, not in it.
 */
function parameter(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value.schema)) return value
  const { style, explode, ...schema } = value.schema
  return {
    ...value,
    ...(style === undefined ? {} : { style, explode }),
    schema,
    required: value.required === true && schema.default === undefined,
  }
}

const SAYS: Readonly<Record<string, string>> = {
  200: 'Success',
  201: 'Registered',
  400: 'A parameter is missing or malformed, or the chain is not served here',
  401: 'The key is missing',
  403: 'The key is invalid, revoked, expired or not allowed here',
  404: 'No such path, or no such token, asset or wallet',
  409: 'Conflict with an earlier accepted request',
  413: 'The body is too large',
  415: 'The body is not application/json',
  422: 'A parameter does not fit its schema',
  429: 'Too many requests',
  500: 'A bug; the request id names it in the log',
  503: 'Not known at the moment',
  '4XX': 'The request is rejected',
}

function responses(value: unknown, hasAsOf: boolean): unknown {
  if (!isRecord(value)) return value
  const described = Object.entries(value).map(([status, response]) => {
    if (!isRecord(response)) return [status, response]
    const headers = {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(status === '200' && hasAsOf ? { 'Balance-As-Of': { $ref: '#/components/headers/BalanceAsOf' } } : {}),
      ...(status === '429' || status === '503'
        ? { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds.' } }
        : {}),
    }
    return [status, { ...response, description: SAYS[status] ?? 'Answer', headers }]
  })
  return Object.fromEntries(described)
}
