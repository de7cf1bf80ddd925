import { type ChildProcess, fork } from 'node:child_process'
import cluster from 'node:cluster'
import type { FromMember, ToMember, WorkerMetrics } from './group-messages.ts'
import type { Logger } from './log.ts'
import { RestartPauses } from './restart-pauses.ts'

/** Pauses before a member that died is started again, in milliseconds. */
const RESTART_PAUSES = { firstMs: 500, maxMs: 30_000 }
/** How long the metrics of a worker are waited for, in milliseconds. A busy worker answers much sooner. */
const COLLECT_MS = 2_000
/** After this time a member that does not stop is killed, in milliseconds: longer than the server waits for open answers. */
const STOP_MS = 30_000

/** A process to start. `answers`: it shares the port with the others that do. `args`: of this program. */
export type MemberPlan = { readonly name: string; readonly answers: boolean; readonly args: readonly string[] }

/** What a group is made of. `program`: the JavaScript file that the members run. */
export type GroupOptions = {
  readonly members: readonly MemberPlan[]
  readonly program: string
  readonly log: Logger
}

/** A member ended before it did its work for the first time. It has said why. */
export class MemberFailed extends Error {
  override readonly name = 'MemberFailed'
  readonly code: number

  constructor(member: string, code: number) {
    super(`${member} could not be started`)
    this.code = code
  }
}

/**
 * Processes that serve together: some answer on one port, others index. This process only holds the port, hands out its
 * connections in turn, and starts again what dies, after growing pauses.
 */
export class ProcessGroup {
  readonly #log: Logger
  readonly #members: readonly Member[]

  constructor({ members, program, log }: GroupOptions) {
    this.#log = log
    const deps = { program, log, onGather: (asker: Member, id: number) => void this.#gather(asker, id) }
    this.#members = members.map((plan) => new Member(plan, deps))
  }

  /**
   * Starts the members in order, each once the one before is ready. Resolves to the URL of those that answer.
   * @throws MemberFailed nothing is left running
   */
  async start(): Promise<string> {
    let url = ''
    try {
      for (const member of this.#members) url = (await member.start()) ?? url
    } catch (error) {
      await this.stop()
      throw error
    }
    return url
  }

  /** Ends all members in order: they answer open requests and commit. */
  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
  }

  /** Sends a worker the metrics of all others. One that does not answer in time is left out. */
  async #gather(asker: Member, id: number): Promise<void> {
    const others = this.#members.filter((member) => member.answers && member !== asker)
    const collected = await Promise.all(others.map((member) => member.collect()))
    const missing = others.filter((_, index) => collected[index] === undefined)
    if (missing.length > 0) {
      this.#log.warn({ workers: missing.map(({ name }) => name) }, 'the metrics of workers are missing')
    }
    asker.send({ type: 'gathered', id, others: collected.filter((metrics) => metrics !== undefined) })
  }
}

type MemberDeps = {
  readonly program: string
  readonly log: Logger
  readonly onGather: (asker: Member, id: number) => void
}

class Member {
  readonly name: string
  readonly answers: boolean
  readonly #plan: MemberPlan
  readonly #deps: MemberDeps
  readonly #pauses = new RestartPauses(RESTART_PAUSES)
  readonly #collecting = new Map<number, (metrics: WorkerMetrics | undefined) => void>()
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #restart: NodeJS.Timeout | undefined
  #wasReady = false
  #stopping = false
  #ids = 0

  constructor(plan: MemberPlan, deps: MemberDeps) {
    this.name = plan.name
    this.answers = plan.answers
    this.#plan = plan
    this.#deps = deps
  }

  /** Resolves once the member is ready, to its URL if it answers. @throws MemberFailed */
  start(): Promise<string | undefined> {
    const child = this.#fork()
    this.#child = child
    this.#pauses.started()
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const told = message as FromMember
        if (told.type === 'ready') {
          this.#wasReady = true
          resolve(told.url)
        } else this.#take(told)
      })
      this.#ended = new Promise((done) => {
        child.once('exit', (code, signal) => {
          this.#child = undefined
          for (const end of this.#collecting.values()) end(undefined)
          reject(new MemberFailed(this.name, code ?? 1))
          this.#exited(code, signal)
          done()
        })
      })
    })
  }

  send(message: ToMember): void {
    const { connected } = this.#child ?? {}
    // A child that ends meanwhile is reported by its exit.
    if (connected === true) this.#child?.send(message, () => undefined)
  }

  /** The metrics of this worker; undefined if it does not answer in time. */
  collect(): Promise<WorkerMetrics | undefined> {
    if (this.#child === undefined) return Promise.resolve(undefined)
    const id = ++this.#ids
    return new Promise((resolve) => {
      const end = (metrics: WorkerMetrics | undefined): void => {
        clearTimeout(timer)
        this.#collecting.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(end, COLLECT_MS, undefined)
      this.#collecting.set(id, end)
      this.send({ type: 'collect', id })
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.send({ type: 'stop' })
    const kill = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS)
    await this.#ended
    clearTimeout(kill)
  }

  #fork(): ChildProcess {
    const args = [...this.#plan.args]
    if (!this.#plan.answers) return fork(this.#deps.program, args)
    // Applies to the next fork only.
    cluster.setupPrimary({ exec: this.#deps.program, args })
    return cluster.fork().process
  }

  #take(message: Exclude<FromMember, { type: 'ready' }>): void {
    if (message.type === 'gather') this.#deps.onGather(this, message.id)
    else this.#collecting.get(message.id)?.({ worker: this.name, metrics: message.metrics })
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping || !this.#wasReady) return
    const { pauseMs, deaths } = this.#pauses.next()
    const how = signal === null ? { exit_code: code } : { signal }
    this.#deps.log.error({ member: this.name, ...how, deaths, pause_ms: pauseMs }, 'a process died and starts again')
    // If it fails again, its exit plans the next start.
    this.#restart = setTimeout(() => void this.start().catch(() => undefined), pauseMs)
  }
}
