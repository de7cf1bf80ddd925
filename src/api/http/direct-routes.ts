import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse as parseQuery } from 'fast-querystring'
import { andThen, type Soon } from '../../core/soon.ts'
import type { RawQuery } from '../schema/query.ts'
import type { RequestCheck } from './checks.ts'
import { lateError } from './deadline.ts'
import { type Answered, DirectCall } from './direct-call.ts'
import { type AddressOf, DirectRequest } from './direct-request.ts'
import { LIMITS } from './limits.ts'
import { isPlainHead } from './request-head.ts'
import type { WriteFailure, WrittenAnswer } from './write-failure.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly direct: DirectRoutes
  }
}

/** A call that is answered without the router. `answer` throws or rejects as the call's handler does. */
export type DirectRoute = {
  readonly path: string
  readonly checks: readonly RequestCheck[]
  readonly answer: (query: RawQuery) => Soon<WrittenAnswer>
}

/** What the direct routes share with the router. */
export type DirectDeps = {
  readonly requestId: () => string
  /** The address of a caller. */
  readonly addressOf: AddressOf
  readonly writeFailure: WriteFailure
  /** Records a request whose head is valid. */
  readonly served: (raw: IncomingMessage, response: ServerResponse) => void
  readonly answeredOf: (route: string) => Answered
  /** Called at the end of each answer that is sent after `close`. */
  readonly closeIdle: () => void
}

type Registered = DirectRoute & { readonly answered: Answered }

/**
 * The calls that most requests are for, answered without the router: a GET of a fixed path with a plain head costs
 * a look-up, its checks and its handler (decision 43). Every other request of these paths goes to the router, which has
 * the same calls, and which rejects what is unusual.
 */
export class DirectRoutes {
  readonly #deps: DirectDeps
  readonly #byPath = new Map<string, Registered>()
  /** Requests that wait for the end of the tick, and answers that do. */
  #waiting: DirectCall<Registered>[] = []
  #done: DirectCall<Registered>[] = []
  #isEndAwaited = false
  #isClosing = false

  constructor(deps: DirectDeps) {
    this.#deps = deps
  }

  add(route: DirectRoute): void {
    const registered = { answered: this.#deps.answeredOf(route.path), ...route }
    this.#byPath.set(route.path, registered)
    this.#byPath.set(`${route.path}/`, registered)
  }

  /** From now on, the router answers every request, because it closes their connections. */
  close(): void {
    this.#isClosing = true
  }

  /** Answers a request, now or later. Returns false, and does nothing, if the router has to answer it. */
  take(raw: IncomingMessage, response: ServerResponse): boolean {
    const { url = '' } = raw
    const end = url.indexOf('?')
    const route = this.#byPath.get(end === -1 ? url : url.slice(0, end))
    if (route === undefined || raw.method !== 'GET' || this.#isClosing) return false
    if (url.length > LIMITS.urlBytes || url.includes('#') || !isPlainHead(raw)) return false
    this.#deps.served(raw, response)
    this.#waiting.push(new DirectCall(route, response, new DirectRequest(raw, this.#deps)))
    this.#awaitEnd()
    return true
  }

  #run(call: DirectCall<Registered>): void {
    const { route, request } = call
    try {
      const passed = passChecks(call, 0)
      const answer = andThen(passed, () => route.answer(parseQuery(queryOf(request.url))))
      if (answer instanceof Promise) this.#wait(call, answer)
      else this.#settle(call, answer)
    } catch (error) {
      this.#fail(call, error)
    }
  }

  #wait(call: DirectCall<Registered>, answer: Promise<WrittenAnswer>): void {
    answer.then(
      (made) => this.#settle(call, made),
      (error: unknown) => this.#fail(call, error),
    )
  }

  #fail(call: DirectCall<Registered>, error: unknown): void {
    const { id, url } = call.request
    this.#settle(call, this.#deps.writeFailure(error, { id, url, route: call.route.path }))
  }

  #settle(call: DirectCall<Registered>, answer: WrittenAnswer): void {
    // The deadline came first.
    if (!call.settle(answer)) return
    this.#done.push(call)
    this.#awaitEnd()
  }

  #awaitEnd(): void {
    if (this.#isEndAwaited) return
    this.#isEndAwaited = true
    setImmediate(() => this.#endTick())
  }

  /**
   * The requests of a tick run one after the other, apart from the parser and the network, so the processor finds their
   * code in its nearest caches. Their answers leave together too, so the kernel wakes their reader once instead of once
   * per answer. An answer that waits leaves at the end of a later tick.
   */
  #endTick(): void {
    const begun = this.#waiting
    this.#waiting = []
    this.#isEndAwaited = false
    for (const call of begun) this.#run(call)
    // Node runs this once all promises of this tick have run.
    queueMicrotask(() => process.nextTick(() => this.#send(begun)))
  }

  #send(begun: readonly DirectCall<Registered>[]): void {
    const done = this.#done
    this.#done = []
    const finished = this.#isClosing ? this.#deps.closeIdle : undefined
    for (const call of done) call.send(finished)
    // Most answers are made within their tick, and a timer for each would cost more than a look-up in the store.
    for (const call of begun) call.startDeadline(() => this.#fail(call, lateError()))
  }
}

/** Runs the checks of a call, from one on, each after the one before. */
function passChecks(call: DirectCall<Registered>, from: number): Soon<void> {
  const { checks } = call.route
  for (let index = from; index < checks.length; index++) {
    const waits = checks[index]?.(call.request, call)
    if (waits instanceof Promise) return waits.then(() => passChecks(call, index + 1))
  }
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start + 1)
}
