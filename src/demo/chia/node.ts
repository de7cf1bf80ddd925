import { blockAnswers } from './block-answers.ts'
import { coinAnswers } from './coin-answers.ts'
import { jsonText } from './json-text.ts'
import { type Fields, NodeFailure, readFields } from './node-failure.ts'
import type { AnswerOf, ChiaNodeOptions, NodeChain } from './view.ts'

/** An answer over HTTP. */
export type NodeAnswer = { readonly status: number; readonly type: string; readonly body: string }

const ROUTES: ReadonlyMap<string, AnswerOf> = new Map([...Object.entries(blockAnswers), ...Object.entries(coinAnswers)])

/** The routes that the node has. */
export const NODE_ROUTES: readonly string[] = [...ROUTES.keys()]

const USUAL = {
  omitsSpends: false,
  network: 'simulator0',
  hintRows: 50_000,
  sqlVariables: 32_764,
  pageRows: Number.POSITIVE_INFINITY,
}

/**
 * A full node over the simulator. It answers as a real full node does where the simulator's own server does not: it fails
 * with `success: false`, writes bytes with 0x, and has blocks without transactions.
 */
export class ChiaNode {
  chain: NodeChain
  options: ChiaNodeOptions

  constructor(chain: NodeChain, options: ChiaNodeOptions = {}) {
    this.chain = chain
    this.options = options
  }

  /** Answers a POST of this text to a path. */
  answer(path: string, text: string): NodeAnswer {
    const route = ROUTES.get(path.replace(/^\//, ''))
    if (route === undefined) return { status: 404, type: 'text/plain; charset=utf-8', body: '404: Not Found' }
    const request = readFields(text)
    if (request === undefined) return { status: 500, type: 'text/plain; charset=utf-8', body: SERVER_ERROR }
    return { status: 200, type: 'application/json', body: jsonText(this.#answer(route, request)) }
  }

  #answer(route: AnswerOf, request: Fields): Fields {
    const { lag = 0, ...options } = this.options
    const view = { chain: this.chain, top: Math.max(0, this.chain.height - lag), options: { ...USUAL, ...options } }
    try {
      return { ...route(view, request), success: true }
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error
      const { message, code, data, words } = error
      const structuredError = { code, message: words, data }
      const traceback = `Traceback (most recent call last):\n${code}: ${message}\n`
      const plain = { error: message, traceback, success: false }
      return options.plainFailures === true ? plain : { ...plain, structuredError }
    }
  }
}

const SERVER_ERROR = '500 Internal Server Error\n\nServer got itself in trouble'
