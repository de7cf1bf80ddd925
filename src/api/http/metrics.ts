import type { FastifyInstance, onResponseHookHandler } from 'fastify'
import type { Registry } from 'prom-client'
import { RouteCounts, registerRoutes } from './route-counts.ts'

/** The label of requests to unknown paths: guessed paths must not become series. */
const UNMATCHED = 'unmatched'

/** Counts an answer by its status and by the milliseconds since its request. */
type CountAnswer = (status: number, ms: number) => void

/** Counts requests that this server does not see as answers of its routes. */
export type RequestCounts = {
  /** Counts a request that was rejected before it reached a route. */
  readonly rejected: (status: number) => void
  /** Returns the counter of a route's answers. */
  readonly of: (route: string) => CountAnswer
}

/**
 * Counts answers by route and status, and measures their time by route. Labels are our own routes, so their number is
 * bounded.
 */
export function observeRequests(server: FastifyInstance, registry: Registry): RequestCounts {
  const byRoute = new Map<string, RouteCounts>()
  registerRoutes(byRoute, registry)
  const countsOf = (route: string): RouteCounts => {
    const known = byRoute.get(route)
    if (known !== undefined) return known
    const counts = new RouteCounts(route)
    byRoute.set(route, counts)
    return counts
  }
  const of = (route: string): CountAnswer => {
    const counts = countsOf(route)
    return (status, ms) => counts.count(status, ms)
  }
  // To find a request's route costs more than to count. So each route has its own counting hook.
  const counting = new Map<string, onResponseHookHandler>()
  const countingOf = (route: string): onResponseHookHandler => {
    let hook = counting.get(route)
    if (hook === undefined) {
      hook = countingHook(of(route))
      counting.set(route, hook)
    }
    return hook
  }
  server.addHook('onRoute', (route) => {
    // The HEAD route of a GET already has the GET's hooks.
    const hooks = [route.onResponse ?? []].flat()
    const own = countingOf(route.url)
    route.onResponse = hooks.includes(own) ? hooks : [...hooks, own]
  })
  const unmatched = countingOf(UNMATCHED)
  server.addHook('onResponse', function (request, reply, done) {
    if (request.is404) unmatched.call(this, request, reply, done)
    else done()
  })
  return { rejected: (status) => countsOf(UNMATCHED).add(status), of }
}

function countingHook(count: CountAnswer): onResponseHookHandler {
  return (_request, reply, done) => {
    count(reply.statusCode, reply.elapsedTime)
    done()
  }
}
