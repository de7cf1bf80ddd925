import fc from 'fast-check'
import { Counter, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { RouteCounts, registerRoutes } from './route-counts.ts'

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Milliseconds, those at the edges of the buckets too. */
const MS = fc.oneof(
  fc.double({ min: 0, max: 20_000, noNaN: true }),
  fc.constantFrom(...BUCKETS.map((seconds) => seconds * 1_000)),
)
const ANSWER = fc.record({ route: fc.constantFrom('/a', '/b'), status: fc.constantFrom(200, 404, 503), ms: MS })

test('a scrape shows what metrics of the registry itself would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(ANSWER, { maxLength: 20 }), { maxLength: 3 }), async (scrapes) => {
      const [own, expected] = [new Registry(), new Registry()]
      const counts = new Map(['/a', '/b'].map((route) => [route, new RouteCounts(route)]))
      registerRoutes(counts, own)
      const [requests, seconds] = registryMetrics(expected)
      for (const answers of scrapes) {
        for (const { route, status, ms } of answers) {
          counts.get(route)?.count(status, ms)
          requests.inc({ route, status })
          seconds.observe({ route }, ms / 1_000)
        }
        expect(sorted(await own.metrics())).toEqual(sorted(await expected.metrics()))
        expect(JSON.stringify(await own.getMetricsAsJSON()).length).toBeGreaterThan(0)
      }
    }),
    { numRuns: 50 },
  )
})

test('a request that was rejected before its route has no time', async () => {
  const registry = new Registry()
  const counts = new RouteCounts('unmatched')
  counts.add(400)
  registerRoutes(new Map([['unmatched', counts]]), registry)
  const text = await registry.metrics()
  expect(text).toContain('steelyard_http_requests_total{route="unmatched",status="400"} 1')
  expect(text).not.toContain('steelyard_http_request_seconds_count')
})

function registryMetrics(registry: Registry): [Counter<'route' | 'status'>, Histogram<'route'>] {
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
  return [requests, seconds]
}

/** The lines of a scrape. Series are in the order in which they were first met, which is no part of the format. */
function sorted(text: string): readonly string[] {
  return text.split('\n').sort()
}
