import type { Registry } from 'prom-client'

/** The metrics of a process as prom-client writes them as JSON. */
export type MetricsJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The metrics of one worker. */
export type WorkerMetrics = { readonly worker: string; readonly metrics: MetricsJson }

/**
 * A message from a member of a group of processes to the process that started it. `ready`: it does its work. `taken`: it has
 * the oldest connection that was sent and not confirmed. `leaving`: it takes no more connections. `gather`: it wants the metrics of all workers. `collected`: its own metrics, for request `id`.
 */
export type FromMember =
  | { readonly type: 'ready' }
  | { readonly type: 'taken' }
  | { readonly type: 'leaving' }
  | { readonly type: 'gather'; readonly id: number }
  | { readonly type: 'collected'; readonly id: number; readonly metrics: MetricsJson }

/** A message to a member. `connection` comes with a socket. `gathered` answers its `gather`: what the other workers sent in time. */
export type ToMember =
  | { readonly type: 'stop' }
  | { readonly type: 'connection' }
  | { readonly type: 'collect'; readonly id: number }
  | { readonly type: 'gathered'; readonly id: number; readonly others: readonly WorkerMetrics[] }
