import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ServerDeps } from './deps.ts'
import { renderDocsPage } from './docs-page.ts'
import { Health, health, isReady } from './health.ts'
import { readDocument } from './openapi.ts'
import { get } from './route.ts'

const Ready = Type.Object({ ready: Type.Boolean() }, { title: 'Ready' })
const TAGS = ['Steelyard']

// The page is ours to the last byte: nothing is loaded from elsewhere, no script runs.
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The paths that are no vendor's: health, readiness, metrics and the documentation. None asks for a key. */
export function registerOwnRoutes(scope: FastifyInstance, deps: ServerDeps): void {
  get(scope, {
    path: '/health',
    docs: { operationId: 'GetHealth', summary: 'How every chain is', tags: TAGS },
    query: Type.Object({}),
    answer: Health,
    errors: {},
    handle: async () => ({ body: await health(deps.chains, deps.version, deps.now()) }),
  })
  scope.get(
    '/ready',
    {
      schema: {
        operationId: 'GetReady',
        summary: '200 once every chain has caught up once and while none is in doubt, else 503',
        tags: TAGS,
        response: { 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const ready = await isReady(deps.chains)
      return reply.code(ready ? 200 : 503).send({ ready })
    },
  )
  scope.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    reply.type(deps.metrics.contentType)
    return deps.metrics.metrics()
  })
  registerDocumentation(scope)
}

function registerDocumentation(scope: FastifyInstance): void {
  const documented = once(() => {
    const document = readDocument(scope)
    return { document, json: `${JSON.stringify(document, undefined, 2)}\n` }
  })
  scope.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(documented().json),
  )
  scope.get('/docs', { schema: { hide: true } }, async (request, reply) =>
    reply
      .headers({ 'content-security-policy': PAGE_POLICY, 'x-content-type-options': 'nosniff' })
      .type('text/html; charset=utf-8')
      .send(renderDocsPage(documented().document, originOfServer(request))),
  )
}

const HOST = /^[0-9A-Za-z.:[\]-]{1,255}$/

/** Where the reader of the page reached this server, so that its examples can be pasted. */
function originOfServer(request: FastifyRequest): string {
  return `${request.protocol}://${HOST.test(request.host) ? request.host : 'localhost'}`
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
