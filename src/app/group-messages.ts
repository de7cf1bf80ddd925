import type { Registry } from 'prom-client'

/** The metrics of a process as prom-client writes them as JSON. */
export type MetricsJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The metrics of one worker. */
export type WorkerMetrics = { readonly worker: string; readonly metrics: MetricsJson }

/**
 * A message from a member of a group of processes to the process that started it. `ready`: it does its work; `url`: where it
 * answers. `gather`: it wants the metrics of all workers. `collected`: its own metrics, for request `id`.
 */
export type FromMember =
  | { readonly type: 'ready'; readonly url: string | undefined }
  | { readonly type: 'gather'; readonly id: number }
  | { readonly type: 'collected'; readonly id: number; readonly metrics: MetricsJson }

/** A message to a member. `gathered` answers its `gather`: what the other workers sent in time. */
export type ToMember =
  | { readonly type: 'stop' }
  | { readonly type: 'collect'; readonly id: number }
  | { readonly type: 'gathered'; readonly id: number; readonly others: readonly WorkerMetrics[] }
