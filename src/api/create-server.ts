import type { FastifyInstance } from 'fastify'
import { abcLabs } from './dialects/abc-labs/routes.ts'
import { chainbase } from './dialects/chainbase/routes.ts'
import type { ServerDeps } from './http/deps.ts'
import type { Dialect } from './http/dialect.ts'
import { LIMITS, type Limits } from './http/limits.ts'
import { createHttpServer } from './http/server.ts'

/**
 * Returns the HTTP server with every enabled dialect, not yet listening. `listen()` starts it. `close()` stops it: it
 * accepts no new requests, waits some seconds for running ones, and closes idle connections.
 */
export function createServer(deps: ServerDeps, limits: Limits = LIMITS): FastifyInstance {
  return createHttpServer(deps, enabledDialects(deps), limits)
}

/** The dialects that the configuration enables, one line each. */
function enabledDialects(deps: ServerDeps): readonly Dialect[] {
  const { dialects } = deps.settings
  return [
    ...(dialects.abcLabs.enabled ? [abcLabs(deps)] : []),
    ...(dialects.chainbase.enabled ? [chainbase(deps)] : []),
  ]
}
