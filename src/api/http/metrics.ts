import type { FastifyInstance, onResponseHookHandler } from 'fastify'
import { Counter, Histogram, type Registry } from 'prom-client'

/** Seconds. Frequent calls take about a tenth of a millisecond; a read of the chain takes up to seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

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
  const requests = new Counter({
    name: 'steelyard_http_requests_total',
    help: 'Responses by route and status',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'steelyard_http_request_seconds',
    help: 'Time from the request to the end of its response, in seconds, by route',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  })
  const of = (route: string): CountAnswer =>
    countAnswers(seconds.labels({ route }), (status) => requests.labels({ route, status }))
  // To find a request's route and look up labels costs more than to count. So each route has its own counting hook,
  // which looks up each status once.
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
  return { rejected: (status) => requests.labels({ route: UNMATCHED, status }).inc(), of }
}

function countingHook(count: CountAnswer): onResponseHookHandler {
  return (_request, reply, done) => {
    count(reply.statusCode, reply.elapsedTime)
    done()
  }
}

function countAnswers(
  seconds: Histogram.Internal<'route'>,
  counterOf: (status: number) => Counter.Internal,
): CountAnswer {
  const counters = new Map<number, Counter.Internal>()
  return (status, ms) => {
    let counter = counters.get(status)
    if (counter === undefined) {
      counter = counterOf(status)
      counters.set(status, counter)
    }
    counter.inc()
    seconds.observe(ms / 1_000)
  }
}
