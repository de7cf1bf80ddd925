import type { FastifyInstance } from 'fastify'
import { ServiceError } from '../../../core/errors.ts'

/** Calls of the vendor's documentation that this dialect does not have. */
const NOT_BUILT = ['price-history', 'track-transfers', 'webhooks']

/** Answers these calls, whatever their method, with a 404 that tells them from a wrong path. They need no key. */
export function addNotBuilt(scope: FastifyInstance): void {
  // The server answers OPTIONS of every path.
  const methods = scope.supportedMethods.filter((method) => method !== 'OPTIONS')
  for (const name of NOT_BUILT) {
    for (const url of [`/api/${name}`, `/api/${name}/*`]) {
      scope.route({
        method: methods,
        url,
        schema: { hide: true },
        exposeHeadRoute: false,
        // Before the body is read, which may be of any type.
        onRequest: async () => {
          throw new ServiceError('NOT_FOUND', `${name} is not built in this version of Steelyard`)
        },
        handler: (_request, reply) => reply.code(404).send(),
      })
    }
  }
}
