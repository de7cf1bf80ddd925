import { connect, type Socket } from 'node:net'

/** Requests to send in turn: one path each, with headers for all. */
export type Target = {
  readonly url: string
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

export type Latency = {
  /** Requests answered per second: equal to the offered rate if the server keeps up. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How late this client sent its requests (99th percentile): this part of p99 is not the server's. */
  readonly lateP99Ms: number
  /** Answers other than 200. */
  readonly bad: number
}

/**
 * Enough connections that a request rarely waits for one, at thousands of requests per second of a few milliseconds
 * each.
 */
const CONNECTIONS = 100
/** Step of the sending plan, in milliseconds. */
const TICK_MS = 1
/** Most waiting requests. A server this far behind cannot keep the rate, so the run ends early. */
const MAX_WAITING = 100_000
const NANOSECONDS = 1e6

type Job = { readonly request: Buffer; readonly plannedNs: bigint }

/**
 * Sends at a fixed rate, independent of the answers, and measures each answer from the planned time of its request. So
 * a stall of the server counts for every delayed request, sent or not (no coordinated omission).
 */
export async function offer(target: Target, load: { rate: number; seconds: number }): Promise<Latency> {
  const requests = target.paths.map((path) => requestOf(target, path))
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(target.url)))
  const run = new Run(sockets)
  const total = load.rate * load.seconds
  const intervalNs = 1e9 / load.rate
  const startedNs = process.hrtime.bigint()
  let sent = 0
  while (sent < total && run.waiting < MAX_WAITING) {
    const due = Math.min(total, Math.floor(Number(process.hrtime.bigint() - startedNs) / intervalNs))
    for (; sent < due; sent++) {
      const request = requests[sent % requests.length]
      if (request !== undefined) run.send({ request, plannedNs: startedNs + BigInt(Math.round(sent * intervalNs)) })
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
  await run.finished(sent)
  const seconds = Number(process.hrtime.bigint() - startedNs) / 1e9
  for (const socket of sockets) socket.destroy()
  return summary(run, seconds)
}

function requestOf(target: Target, path: string): Buffer {
  const headers = Object.entries({ host: new URL(target.url).host, ...target.headers })
  const lines = [`GET ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), '', '']
  return Buffer.from(lines.join('\r\n'))
}

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return socket
}

/** Sends jobs on free connections, in order, and keeps the duration of each. */
class Run {
  readonly latenciesMs: number[] = []
  readonly lateMs: number[] = []
  bad = 0
  readonly #free: Socket[]
  readonly #queue: Job[] = []
  readonly #busy = new Map<Socket, { job: Job; left: number; head: string }>()
  #head = 0
  #notify: (() => void) | undefined

  constructor(sockets: readonly Socket[]) {
    this.#free = [...sockets]
    for (const socket of sockets) socket.on('data', (chunk: Buffer) => this.#receive(socket, chunk))
  }

  get waiting(): number {
    return this.#queue.length - this.#head
  }

  send(job: Job): void {
    this.lateMs.push(Number(process.hrtime.bigint() - job.plannedNs) / NANOSECONDS)
    this.#queue.push(job)
    const socket = this.#free.pop()
    if (socket !== undefined) this.#next(socket)
  }

  /** Resolves after this many answers. */
  async finished(answers: number): Promise<void> {
    while (this.latenciesMs.length < answers) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve
      })
    }
  }

  #next(socket: Socket): void {
    const job = this.#queue[this.#head]
    if (job === undefined) return void this.#free.push(socket)
    this.#head++
    this.#busy.set(socket, { job, left: -1, head: '' })
    socket.write(job.request)
  }

  #receive(socket: Socket, chunk: Buffer): void {
    const state = this.#busy.get(socket)
    if (state === undefined) return
    if (state.left < 0) {
      state.head += chunk.toString('latin1')
      const end = state.head.indexOf('\r\n\r\n')
      if (end < 0) return
      state.left = Number(/content-length: (\d+)/i.exec(state.head)?.[1] ?? 0) - (state.head.length - end - 4)
      if (!state.head.startsWith('HTTP/1.1 200')) this.bad++
    } else {
      state.left -= chunk.length
    }
    if (state.left > 0) return
    this.latenciesMs.push(Number(process.hrtime.bigint() - state.job.plannedNs) / NANOSECONDS)
    this.#busy.delete(socket)
    this.#next(socket)
    this.#notify?.()
  }
}

function summary(run: Run, seconds: number): Latency {
  const sorted = run.latenciesMs.sort((a, b) => a - b)
  const late = run.lateMs.sort((a, b) => a - b)
  return {
    rate: sorted.length / seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? Number.NaN,
    lateP99Ms: quantile(late, 0.99),
    bad: run.bad,
  }
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
