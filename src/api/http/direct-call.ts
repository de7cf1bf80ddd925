import type { ServerResponse } from 'node:http'
import type { AnswerHeaders, RequestCheck } from './checks.ts'
import { CORS_HEADERS } from './cors.ts'
import type { DirectRequest } from './direct-request.ts'
import { LIMITS } from './limits.ts'
import { JSON_TYPE, type WrittenAnswer } from './write-failure.ts'

/** Called for each answer once it is given to its connection. `ms`: the time since the request. */
export type Answered = (answered: { readonly id: string; readonly status: number; readonly ms: number }) => void

const EVERY_ANSWER = Object.entries(CORS_HEADERS).flat()

/** A request of a direct route and its answer. */
export class DirectCall<Route extends { readonly checks: readonly RequestCheck[]; readonly answered: Answered }>
  implements AnswerHeaders
{
  readonly route: Route
  readonly request: DirectRequest
  readonly #response: ServerResponse
  readonly #startedAt = performance.now()
  #headers: Readonly<Record<string, string>> | undefined
  #answer: WrittenAnswer | undefined
  #deadline: NodeJS.Timeout | undefined

  constructor(route: Route, response: ServerResponse, request: DirectRequest) {
    this.route = route
    this.request = request
    this.#response = response
  }

  /** Adds headers to the answer, whatever it will be. */
  headers(values: Readonly<Record<string, string>>): void {
    this.#headers = { ...this.#headers, ...values }
  }

  /** Sets the answer. Returns false if there is one already. */
  settle(answer: WrittenAnswer): boolean {
    if (this.#answer !== undefined) return false
    this.#answer = answer
    clearTimeout(this.#deadline)
    return true
  }

  /** Calls `late` at the deadline of a request without an answer. */
  startDeadline(late: () => void): void {
    if (this.#answer === undefined) this.#deadline = setTimeout(late, LIMITS.answerMs)
  }

  /** Sends the answer, if there is one. `finished` is called once the kernel has all of it. */
  send(finished?: () => void): void {
    const answer = this.#answer
    if (answer === undefined) return
    const { status, text } = answer
    const bytes = Buffer.byteLength(text)
    const head = [...EVERY_ANSWER, 'x-request-id', this.request.id]
    pushHeaders(head, this.#headers)
    pushHeaders(head, answer.headers)
    head.push('content-type', JSON_TYPE, 'content-length', `${bytes}`)
    // A listener of each answer would cost as much as half of its row in the store.
    if (finished !== undefined) this.#response.once('finish', finished)
    // Text without other characters is copied as it is.
    this.#response.writeHead(status, head).end(text, bytes === text.length ? 'latin1' : 'utf8')
    this.route.answered({ id: this.request.id, status, ms: performance.now() - this.#startedAt })
  }
}

function pushHeaders(head: string[], values: Readonly<Record<string, string>> | undefined): void {
  for (const name in values) {
    const value = values[name]
    if (value !== undefined) head.push(name, value)
  }
}
