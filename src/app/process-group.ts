import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { FrontDoor, type Taker } from './front-door.ts'
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

/** What a group is made of. `program`: the JavaScript file that the members run. `listen`: the port that it holds. */
export type GroupOptions = {
  readonly listen: { readonly host: string; readonly port: number }
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
  readonly #listen: GroupOptions['listen']
  readonly #members: readonly Member[]
  readonly #door: FrontDoor

  constructor({ members, program, log, listen }: GroupOptions) {
    this.#log = log
    this.#listen = listen
    const deps: MemberDeps = {
      program,
      log,
      onReady: () => this.#door.flush(),
      onGather: (asker, id) => void this.#gather(asker, id),
    }
    this.#members = members.map((plan) => new Member(plan, deps))
    this.#door = new FrontDoor(this.#members.filter(({ answers }) => answers))
  }

  /**
   * Starts the members in order, each once the one before is ready. Resolves to the URL of the group.
   * @throws MemberFailed, UNAVAILABLE (the port is taken): nothing is left running
   */
  async start(): Promise<string> {
    try {
      const url = await this.#door.listen(this.#listen)
      for (const member of this.#members) await member.start()
      return url
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Ends all members in order: they answer open requests and commit. */
  async stop(): Promise<void> {
    this.#door.close()
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
  readonly onReady: () => void
  readonly onGather: (asker: Member, id: number) => void
}

class Member implements Taker {
  readonly name: string
  isReady = false
  readonly answers: boolean
  readonly #plan: MemberPlan
  readonly #deps: MemberDeps
  readonly #pauses = new RestartPauses(RESTART_PAUSES)
  readonly #collecting = new Map<number, (metrics: WorkerMetrics | undefined) => void>()
  /** Connections that the process has not confirmed. If it dies, this process closes them: nobody else would. */
  readonly #handing: Socket[] = []
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

  get handing(): number {
    return this.#handing.length
  }

  /** Gives a connection to this process. If it dies before it has the connection, the caller sees it closed. */
  hand(socket: Socket): void {
    this.#handing.push(socket)
    const message: ToMember = { type: 'connection' }
    this.#child?.send(message, socket, { keepOpen: true }, () => undefined)
  }

  /** Resolves once the member is ready. @throws MemberFailed */
  start(): Promise<void> {
    const { program, log } = this.#deps
    const child = fork(program, [...this.#plan.args])
    this.#child = child
    this.#pauses.started()
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        const told = message as FromMember
        if (told.type === 'ready') {
          this.#wasReady = true
          this.isReady = true
          this.#deps.onReady()
          resolve()
        } else this.#take(told)
      })
      this.#ended = new Promise((done) => {
        child.once('exit', (code, signal) => {
          this.#child = undefined
          this.isReady = false
          for (const socket of this.#handing.splice(0)) socket.destroy()
          for (const end of this.#collecting.values()) end(undefined)
          if (!this.#wasReady && !this.#stopping) {
            log.error({ member: this.name, ...howItEnded(code, signal) }, 'a process could not be started')
          }
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
    this.isReady = false
    clearTimeout(this.#restart)
    this.send({ type: 'stop' })
    const kill = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS)
    await this.#ended
    clearTimeout(kill)
  }

  #take(message: Exclude<FromMember, { type: 'ready' }>): void {
    // The connection stays open in the process that has taken it.
    if (message.type === 'taken') this.#handing.shift()?.destroy()
    else if (message.type === 'leaving') this.isReady = false
    else if (message.type === 'gather') this.#deps.onGather(this, message.id)
    else this.#collecting.get(message.id)?.({ worker: this.name, metrics: message.metrics })
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#stopping || !this.#wasReady) return
    const { pauseMs, deaths } = this.#pauses.next()
    this.#deps.log.error(
      { member: this.name, ...howItEnded(code, signal), deaths, pause_ms: pauseMs },
      'a process died and starts again',
    )
    // If it fails again, its exit plans the next start.
    this.#restart = setTimeout(() => void this.start().catch(() => undefined), pauseMs)
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null) {
  return signal === null ? { exit_code: code } : { signal }
}
