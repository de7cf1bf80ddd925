import type { FastifyInstance, HTTPMethods } from 'fastify'
import { ServiceError } from '../../core/errors.ts'
import { allowsOrigin, answerPreflight, isPreflight } from './cors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * If set, the server answers preflights only for pages of these origins, so only they can call this path. It
     * protects writes that need no key. It applies to the whole path, since browsers keep a preflight's headers for all
     * methods.
     */
    origins?: readonly string[]
  }
}

/** A path's methods, and the origins that get preflights answered. Undefined: all origins. */
type Served = { readonly methods: Set<string>; origins: readonly string[] | undefined }

/** Collects the routes of a scope, so that their paths can reject all other methods. */
export class ServedMethods {
  readonly #byPath = new Map<string, Served>()

  /** Starts to collect routes. Call it before the scope's routes are added. */
  watch(scope: FastifyInstance): void {
    scope.addHook('onRoute', (route) => {
      const served = this.#byPath.get(route.url) ?? { methods: new Set(), origins: undefined }
      for (const method of [route.method].flat()) served.methods.add(method.toUpperCase())
      served.origins = both(served.origins, route.config?.origins)
      this.#byPath.set(route.url, served)
    })
  }

  /**
   * Adds a route for the methods that a path lacks: 405 with `Allow`, 204 for OPTIONS. It answers before the key check
   * and before the body is read.
   */
  rejectOtherMethods(scope: FastifyInstance): void {
    for (const [url, served] of this.#byPath) rejectMethod(scope, url, served)
  }
}

/** Returns the origins in both lists. An undefined list allows every origin. */
function both(one: readonly string[] | undefined, other: readonly string[] | undefined): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.filter((origin) => other.includes(origin))
}

function rejectMethod(scope: FastifyInstance, url: string, served: Served): void {
  const others = scope.supportedMethods.filter((method): method is HTTPMethods => !served.methods.has(method))
  const allowed = [...new Set([...served.methods, 'OPTIONS'])].sort().join(', ')
  scope.route({
    method: others,
    url,
    schema: { hide: true },
    exposeHeadRoute: false,
    onRequest: (request, reply, done) => {
      if (isPreflight(request)) {
        if (allowsOrigin(served.origins, request)) answerPreflight(reply, allowed)
        else done(new ServiceError('FORBIDDEN', 'Origin is not allowed'))
        return
      }
      reply.header('allow', allowed)
      if (request.method === 'OPTIONS') {
        reply.code(204).send()
        return
      }
      done(new ServiceError('METHOD_NOT_ALLOWED', 'Method not allowed'))
    },
    handler: (_request, reply) => reply.code(405).send(),
  })
}
