import { connect, type Socket } from 'node:net'

/** Requests to send, one after the other and round again, each a path; headers are for all. */
export type Target = {
  readonly url: string
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

export type Latency = {
  /** Requests answered per second: as many as were offered, if the server keeps up. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** How late this client itself was at sending (99 of 100): what part of p99 is not the server's. */
  readonly lateP99Ms: number
  /** Answers other than 200. */
  readonly bad: number
}

/** Connections: enough that a request seldom has to wait for one, at thousands a second and some milliseconds each. */
const CONNECTIONS = 100
/** Sending is planned in steps of this. */
const TICK_MS = 1
/** A server that falls this far behind has failed the rate: the run ends early. */
const MAX_WAITING = 100_000
const NANOSECONDS = 1e6

type Job = { readonly request: Buffer; readonly plannedNs: bigint }

/**
 * Offers a fixed rate whatever the answers do, and measures each answer from the moment at which its request was
 * planned: a stall of the server counts for every request that it held up, sent or not (no coordinated omission).
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

/** Sends jobs on free connections, in order; keeps what each took. */
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

  /** Resolves once so many answers have come. */
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
