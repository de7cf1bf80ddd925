import type { FastifyInstance } from 'fastify'
import { createDialects, type DialectDeps, type DialectsConfig } from './dialects/list.ts'
import type { HttpDeps } from './http/deps.ts'
import { LIMITS, type Limits } from './http/limits.ts'
import { createHttpServer } from './http/server.ts'

/** What the server and its dialects are made of. `dialects`: their settings. */
export type ServerOptions = HttpDeps & DialectDeps & { readonly dialects: DialectsConfig }

/** Returns the HTTP server with every enabled dialect, as `createHttpServer` does. */
export function createServer(deps: ServerOptions, limits: Limits = LIMITS): FastifyInstance {
  return createHttpServer(deps, createDialects(deps, deps.dialects), limits)
}
