import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, type Registry } from 'prom-client'

/** Seconds. The hot calls take about a tenth of a millisecond; a read of the chain takes up to seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The label of requests to no path of ours: the paths that people guess must not become series. */
const UNMATCHED = 'unmatched'

/** Counts answers by route and status, and times them by route. Labels are our own routes: their number is bounded. */
export function observeRequests(server: FastifyInstance, registry: Registry): void {
  const requests = new Counter({
    name: 'steelyard_http_requests_total',
    help: 'Answers by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'steelyard_http_request_seconds',
    help: 'Time from the request to the end of its answer, by route.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [registry],
  })
  // Looking labels up costs more than counting: what a route's answers count into is found once.
  const meters = new Map<string, Meter>()
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? UNMATCHED
    const key = `${reply.statusCode} ${route}`
    let meter = meters.get(key)
    if (meter === undefined) {
      meter = { requests: requests.labels({ route, status: reply.statusCode }), seconds: seconds.labels({ route }) }
      meters.set(key, meter)
    }
    meter.requests.inc()
    meter.seconds.observe(reply.elapsedTime / 1_000)
    done()
  })
}

/** What the answers of one route and status are counted into. */
type Meter = { readonly requests: Counter.Internal; readonly seconds: Histogram.Internal<'route'> }
