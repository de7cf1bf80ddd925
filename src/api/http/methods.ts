import type { FastifyInstance, HTTPMethods } from 'fastify'
import { ServiceError } from '../../core/errors.ts'
import { allowsOrigin, answerPreflight, isPreflight } from './cors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Where given, only pages of these origins are answered a preflight, and so can call this path at all: for writes
     * that ask for no key. It holds for the whole path, since browsers keep a preflight's headers for all its methods.
     */
    origins?: readonly string[]
  }
}

/** A path's methods, and the origins that may be told of them; undefined: all. */
type Served = { readonly methods: Set<string>; origins: readonly string[] | undefined }

/** Notes the routes that are added to a scope, so that their paths can refuse all other methods. */
export class ServedMethods {
  readonly #byPath = new Map<string, Served>()

  /** Begins to note; call it before the scope's routes are added. */
  watch(scope: FastifyInstance): void {
    scope.addHook('onRoute', (route) => {
      const served = this.#byPath.get(route.url) ?? { methods: new Set(), origins: undefined }
      for (const method of [route.method].flat()) served.methods.add(method.toUpperCase())
      served.origins = both(served.origins, route.config?.origins)
      this.#byPath.set(route.url, served)
    })
  }

  /**
   * Adds a route for the methods that a path lacks: 405 with `Allow`, 204 for OPTIONS. They are refused before the key
   * is looked at and before a body is read.
   */
  rejectOtherMethods(scope: FastifyInstance): void {
    for (const [url, served] of this.#byPath) rejectMethod(scope, url, served)
  }
}

/** The origins that stand in both lists; no list holds every origin. */
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
