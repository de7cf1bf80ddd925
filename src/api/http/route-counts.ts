import { Counter, Histogram, type Registry } from 'prom-client'

/** Seconds. Frequent calls take about a tenth of a millisecond; a read of the chain takes up to seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * The answers of one route as plain numbers. To observe an answer in the registry costs as much as a look-up in the
 * store, so the registry takes these numbers when it is read.
 */
export class RouteCounts {
  readonly route: string
  readonly byStatus = new Map<number, number>()
  /** How many answers took at most the seconds of each bucket and more than those of the one before; last: all longer ones. */
  readonly times = new Float64Array(BUCKETS.length + 1)
  seconds = 0

  constructor(route: string) {
    this.route = route
  }

  /** Counts an answer by its status, without its time. */
  add(status: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
  }

  /** Counts an answer by its status and by the milliseconds since its request. */
  count(status: number, ms: number): void {
    this.add(status)
    const seconds = ms / 1_000
    this.seconds += seconds
    let bucket = 0
    while (seconds > (BUCKETS[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1
    this.times[bucket] = (this.times[bucket] ?? 0) + 1
  }
}

type Counts = ReadonlyMap<string, RouteCounts>

/** Adds the metrics of routes to a registry. They are read from `counts` at each scrape. */
export function registerRoutes(counts: Counts, registry: Registry): void {
  new Counter({
    name: 'steelyard_http_requests_total',
    help: 'Responses by route and status',
    labelNames: ['route', 'status'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { route, byStatus } of counts.values()) {
        for (const [status, answers] of byStatus) this.inc({ route, status }, answers)
      }
    },
  })
  registry.registerMetric(new Times(counts))
}

type Values = Awaited<ReturnType<Histogram<'route'>['get']>>

const TIMES = {
  name: 'steelyard_http_request_seconds',
  help: 'Time from the request to the end of its response, in seconds, by route',
  labelNames: ['route'],
  buckets: BUCKETS,
} as const

/** The histogram of the times of all routes. */
class Times extends Histogram<'route'> {
  readonly #counts: Counts
  /** Gives what a registry wants to know of a histogram besides its values. */
  readonly #empty = new Histogram<'route'>({ ...TIMES, registers: [] })

  constructor(counts: Counts) {
    super({ ...TIMES, registers: [] })
    this.#counts = counts
  }

  override async get(): Promise<Values> {
    return { ...(await this.#empty.get()), values: [...this.#counts.values()].flatMap(valuesOf) }
  }

  /** What a registry calls, instead of `get`, to write its text. */
  getForPromString(): Promise<Values> {
    return this.get()
  }
}

function valuesOf({ route, times, seconds }: RouteCounts): Values['values'] {
  let sum = 0
  const buckets = [...BUCKETS, '+Inf'].map((le, index) => {
    sum += times[index] ?? 0
    return { metricName: `${TIMES.name}_bucket`, labels: { le, route }, value: sum }
  })
  if (sum === 0) return []
  return [
    ...buckets,
    { metricName: `${TIMES.name}_sum`, labels: { route }, value: seconds },
    { metricName: `${TIMES.name}_count`, labels: { route }, value: sum },
  ]
}
