import type { FastifyInstance, HTTPMethods } from 'fastify'
import { ServiceError } from '../core/errors.ts'
import { answerPreflight, isPreflight } from './cors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False: this path's preflights are refused, so that no page elsewhere can call it. For writes without a key. */
    preflight?: boolean
  }
}

/** A path's methods, and whether other origins may be told of them. */
type Served = { readonly methods: Set<string>; preflight: boolean }

/** Notes the routes that are added to a scope, so that their paths can refuse all other methods. */
export class ServedMethods {
  readonly #byPath = new Map<string, Served>()

  /** Begins to note; call it before the scope's routes are added. */
  watch(scope: FastifyInstance): void {
    scope.addHook('onRoute', (route) => {
      const served = this.#byPath.get(route.url) ?? { methods: new Set(), preflight: true }
      for (const method of [route.method].flat()) served.methods.add(method.toUpperCase())
      if (route.config?.preflight === false) served.preflight = false
      this.#byPath.set(route.url, served)
    })
  }

  /**
   * Adds a route for the methods that a path lacks: 405 with `Allow`, 204 for OPTIONS. They are refused before the key
   * is looked at and before a body is read.
   */
  refuseOthers(scope: FastifyInstance): void {
    for (const [url, served] of this.#byPath) refuse(scope, url, served)
  }
}

function refuse(scope: FastifyInstance, url: string, served: Served): void {
  const others = scope.supportedMethods.filter((method): method is HTTPMethods => !served.methods.has(method))
  const allowed = [...new Set([...served.methods, 'OPTIONS'])].sort().join(', ')
  scope.route({
    method: others,
    url,
    schema: { hide: true },
    exposeHeadRoute: false,
    onRequest: (request, reply, done) => {
      if (served.preflight && isPreflight(request)) {
        answerPreflight(reply, allowed)
        return
      }
      reply.header('allow', allowed)
      if (request.method === 'OPTIONS' && served.preflight) {
        reply.code(204).send()
        return
      }
      done(new ServiceError('METHOD_NOT_ALLOWED', 'Method not allowed'))
    },
    handler: (_request, reply) => reply.code(405).send(),
  })
}
