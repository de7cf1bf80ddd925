import type { Server } from 'node:http'
import { Socket } from 'node:net'
import type { Registry } from 'prom-client'
import { assert } from '../core/assert.ts'
import type { FromMember, ToMember, WorkerMetrics } from './group-messages.ts'
import { HandedConnections } from './handed-connections.ts'
import { renderOfWorkers } from './worker-metrics.ts'

/** How long the metrics of other workers are waited for, in milliseconds. The process that started them waits less. */
const GATHER_MS = 5_000

/** This process as one of a group, which another process started. */
export type GroupMember = {
  readonly name: string
  /** Resolves when the group stops, or when the process that started it is gone. */
  readonly stopped: Promise<void>
  /** Says that this process does its work. */
  readonly ready: () => void
  /** Lets a server take the connections that the group hands to this process. */
  readonly takeConnections: (server: Server) => HandedConnections
  /** Shares the metrics of this process with the group. Returns what renders those of all workers. */
  readonly shareMetrics: (own: Registry) => () => Promise<string>
  /** Takes no more connections. */
  readonly leave: () => void
  /** From now on the group does not keep this process alive. */
  readonly release: () => void
}

/** Joins the group of the process that started this one. */
export function joinGroup(name: string): GroupMember {
  const send = (message: FromMember): void => {
    // After the other end is gone there is nobody to tell.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
  }
  assert(process.send !== undefined, 'a member was started by another process')
  const metrics = new SharedMetrics(name, send)
  let connections: HandedConnections | undefined
  const stopped = new Promise<void>((resolve) => {
    process.on('message', (message, handle) => {
      const told = message as ToMember
      if (told.type === 'stop') resolve()
      else if (told.type === 'connection') {
        takeOrDestroy(handle, connections)
        send({ type: 'taken' })
      } else void metrics.take(told)
    })
    process.once('disconnect', resolve)
  })
  return {
    name,
    stopped,
    ready: () => send({ type: 'ready' }),
    takeConnections: (server) => {
      connections = new HandedConnections(server)
      return connections
    },
    shareMetrics: (own) => metrics.share(own),
    leave: () => {
      connections = undefined
      send({ type: 'leaving' })
    },
    release: () => process.channel?.unref(),
  }
}

/** The handle is undefined if the connection was closed on its way. */
function takeOrDestroy(handle: unknown, connections: HandedConnections | undefined): void {
  if (!(handle instanceof Socket)) return
  if (connections === undefined) handle.destroy()
  else connections.take(handle)
}

class SharedMetrics {
  readonly #name: string
  readonly #send: (message: FromMember) => void
  readonly #waiting = new Map<number, (others: readonly WorkerMetrics[]) => void>()
  #own: Registry | undefined
  #ids = 0

  constructor(name: string, send: (message: FromMember) => void) {
    this.#name = name
    this.#send = send
  }

  share(own: Registry): () => Promise<string> {
    this.#own = own
    return async () => {
      const others = await this.#gather()
      return renderOfWorkers([{ worker: this.#name, metrics: await own.getMetricsAsJSON() }, ...others])
    }
  }

  async take(message: Exclude<ToMember, { type: 'stop' | 'connection' }>): Promise<void> {
    if (message.type === 'gathered') {
      this.#waiting.get(message.id)?.(message.others)
      return
    }
    const metrics = (await this.#own?.getMetricsAsJSON()) ?? []
    this.#send({ type: 'collected', id: message.id, metrics })
  }

  /** The metrics of the other workers; none if they do not come in time. */
  #gather(): Promise<readonly WorkerMetrics[]> {
    const id = ++this.#ids
    return new Promise((resolve) => {
      const end = (others: readonly WorkerMetrics[]): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        resolve(others)
      }
      const timer = setTimeout(end, GATHER_MS, [])
      this.#waiting.set(id, end)
      this.#send({ type: 'gather', id })
    })
  }
}
