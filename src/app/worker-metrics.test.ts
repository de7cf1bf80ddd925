import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { renderOfWorkers, SAME_EVERYWHERE } from './worker-metrics.ts'

async function workerOf(worker: string, requests: number) {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({ name: 'head', help: 'Head', labelNames: ['chain'], registers, aggregator: SAME_EVERYWHERE }).set(
    { chain: 'a' },
    7,
  )
  new Counter({ name: 'requests_total', help: 'Requests', labelNames: ['route'], registers }).inc(
    { route: '/' },
    requests,
  )
  new Histogram({ name: 'seconds', help: 'Time', buckets: [1], registers }).observe(0.5)
  return { worker, metrics: await registry.getMetricsAsJSON() }
}

test('what a worker counts has its name; what the store says appears once', async () => {
  const text = await renderOfWorkers([await workerOf('worker-2', 3), await workerOf('worker-1', 4)])
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'head{chain="a"} 7',
    'requests_total{route="/",worker="worker-2"} 3',
    'requests_total{route="/",worker="worker-1"} 4',
    'seconds_bucket{le="1",worker="worker-2"} 1',
    'seconds_bucket{le="+Inf",worker="worker-2"} 1',
    'seconds_sum{worker="worker-2"} 0.5',
    'seconds_count{worker="worker-2"} 1',
    'seconds_bucket{le="1",worker="worker-1"} 1',
    'seconds_bucket{le="+Inf",worker="worker-1"} 1',
    'seconds_sum{worker="worker-1"} 0.5',
    'seconds_count{worker="worker-1"} 1',
  ])
})
