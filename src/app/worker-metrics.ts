import { AggregatorRegistry } from 'prom-client'
import type { MetricsJson, WorkerMetrics } from './group-messages.ts'

/**
 * Metrics with this aggregator describe the store. They are the same in every process, so they appear once. All others are
 * counted by each worker, and get its name as a label: a worker that is started again resets its own series alone.
 */
export const SAME_EVERYWHERE = 'first'

/** The metrics of all workers as one text for Prometheus. Those of the whole store are taken from the first one. */
export async function renderOfWorkers(workers: readonly WorkerMetrics[]): Promise<string> {
  return AggregatorRegistry.aggregate(workers.map(labelled)).metrics()
}

function labelled({ worker, metrics }: WorkerMetrics): MetricsJson {
  return metrics.map((metric) => {
    if (metric.aggregator === SAME_EVERYWHERE) return metric
    return { ...metric, values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })) }
  })
}
