import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { readDocument } from '../schema/openapi.ts'
import type { HttpDeps } from './deps.ts'
import type { Dialect, DialectExamples } from './dialect.ts'
import { renderDocsPage } from './docs-page.ts'
import { Health, health, isReady } from './health.ts'
import { renderHomePage } from './home-page.ts'
import { originOfServer } from './origin.ts'
import { OWN_TAG } from './own-errors.ts'
import { addRoute } from './route.ts'

const OwnError = Type.Object({ error: Type.String() }, { title: 'Error' })
/** These paths answer errors in our own format. */
const REFUSED = { '4xx': OwnError }
const Ready = Type.Object({ ready: Type.Boolean() }, { title: 'Ready' })
const TAGS = [OWN_TAG]

// The pages load nothing from other sites and run no script.
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Adds the paths outside all dialects: health, readiness, metrics and the documentation. None needs a key. */
export function registerOwnRoutes(scope: FastifyInstance, deps: HttpDeps, dialects: readonly Dialect[]): void {
  addRoute(scope, {
    method: 'GET',
    path: '/health',
    docs: { operationId: 'GetHealth', summary: 'State of every chain', tags: TAGS },
    answer: Health,
    errors: REFUSED,
    handle: async () => ({ body: await health(deps.chains, deps.version, deps.now()) }),
  })
  scope.get(
    '/ready',
    {
      schema: {
        operationId: 'GetReady',
        summary: '200 if every chain has caught up at least once and none is in doubt, else 503',
        tags: TAGS,
        security: [],
        response: { 200: Ready, ...REFUSED, 503: Ready },
      },
    },
    async (_request, reply) => {
      const ready = await isReady(deps.chains)
      return reply.code(ready ? 200 : 503).send({ ready })
    },
  )
  const metrics = { operationId: 'GetMetrics', summary: 'Metrics for Prometheus', type: 'text/plain' }
  scope.get('/metrics', { schema: pageSchema(metrics) }, async (_request, reply) => {
    reply.type(deps.metrics.contentType)
    return deps.renderMetrics === undefined ? deps.metrics.metrics() : deps.renderMetrics()
  })
  const home = { operationId: 'GetHome', summary: 'State of every chain, as a page', type: 'text/html' }
  scope.get('/', { schema: pageSchema(home) }, async (_request, reply) => {
    const page = renderHomePage(await health(deps.chains, deps.version, deps.now()))
    return sendPage(reply.header('cache-control', 'no-store'), page)
  })
  registerDocumentation(scope, dialects)
}

/** Returns the schema of a path that answers with text, or with JSON without a schema of ours. */
export function pageSchema(page: { readonly operationId: string; readonly summary: string; readonly type: string }) {
  const { operationId, summary, type } = page
  const schema = type === 'application/json' ? { type: 'object', additionalProperties: true } : { type: 'string' }
  return {
    operationId,
    summary,
    tags: TAGS,
    security: [],
    response: { 200: { content: { [type]: { schema } } }, ...REFUSED },
  }
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .headers({ 'content-security-policy': PAGE_POLICY, 'x-content-type-options': 'nosniff' })
    .type('text/html; charset=utf-8')
    .send(page)
}

function registerDocumentation(scope: FastifyInstance, dialects: readonly Dialect[]): void {
  const documented = once(() => {
    const document = readDocument(scope)
    return { document, json: `${JSON.stringify(document, undefined, 2)}\n` }
  })
  const openApi = { operationId: 'GetOpenApi', summary: 'This document', type: 'application/json' }
  scope.get('/openapi.json', { schema: pageSchema(openApi) }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(documented().json),
  )
  const page = { operationId: 'GetDocs', summary: 'This document as a page', type: 'text/html' }
  scope.get('/docs', { schema: pageSchema(page) }, async (request, reply) => {
    const examples = await Promise.all(
      dialects.map(async (one) => [one.tag, await one.examples().catch(() => NO_EXAMPLES)] as const),
    )
    // At this origin the page's examples can be pasted.
    const options = { origin: originOfServer(request), examples: new Map(examples) }
    return sendPage(reply, renderDocsPage(documented().document, options))
  })
}

/** If the store cannot be read, the page still works with the schemas' own examples. */
const NO_EXAMPLES: DialectExamples = { values: {} }

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
