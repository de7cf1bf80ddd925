import { isRecord } from '../../core/is-record.ts'

/** A JSON-RPC 2.0 request. Its parameters are an array, an object by name, or absent. */
export type Request = { readonly id: unknown; readonly method: string; readonly params: unknown }

/** An error that a method answers. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/**
 * A method, with its parameters in the order of its specification. `byName`: the specification has them by name, and not
 * in order.
 */
export type Method = {
  readonly params: readonly string[]
  readonly byName?: true
  readonly run: (...params: readonly unknown[]) => unknown
}

/** One answer to a request: the result, or the `RpcError` that the method throws. */
export type RpcAnswer = Readonly<Record<string, unknown>>

/** Runs a method by its name. Parameters come in order or by name; those left out are undefined. */
export function answerRequest(request: Request, methods: Readonly<Record<string, Method>>): RpcAnswer {
  const frame = { jsonrpc: '2.0', id: request.id ?? null }
  const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
  try {
    if (method === undefined) throw new RpcError(-32601, 'Method not found')
    return { ...frame, result: method.run(...inOrder(request.params, method)) }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    const { code, message, data } = error
    return { ...frame, error: data === undefined ? { code, message } : { code, message, data } }
  }
}

/** Parameters that a method does not accept. */
export function invalidParams(reason: string): RpcError {
  return new RpcError(-32602, 'Invalid params', { reason })
}

function inOrder(params: unknown, { params: names, byName }: Method): readonly unknown[] {
  if (params === undefined) return []
  if (Array.isArray(params)) {
    if (byName === true && params.length > 0) throw invalidParams('parameters are given by name')
    if (params.length > names.length) throw invalidParams(`at most ${names.length} parameters`)
    return params
  }
  if (typeof params !== 'object' || params === null) throw invalidParams('parameters are an array or an object')
  const named = new Map<string, unknown>(Object.entries(params))
  const unknown = [...named.keys()].filter((name) => !names.includes(name))
  if (unknown.length > 0) throw invalidParams(`unknown parameter ${unknown.join(', ')}`)
  return names.map((name) => named.get(name))
}

/** Answers one request or a batch, as the text of an HTTP body. Undefined if there is nothing to answer. */
export function answerText(text: string, answer: (request: Request) => RpcAnswer): string | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return JSON.stringify(failure(-32700, 'Parse error'))
  }
  if (!Array.isArray(body)) {
    const one = answerOne(body, answer)
    return one === undefined ? undefined : JSON.stringify(one)
  }
  if (body.length === 0) return JSON.stringify(failure(-32600, 'Invalid Request'))
  const answers = body.flatMap((one: unknown) => answerOne(one, answer) ?? [])
  return answers.length === 0 ? undefined : JSON.stringify(answers)
}

function answerOne(value: unknown, answer: (request: Request) => RpcAnswer): RpcAnswer | undefined {
  const fields = fieldsOf(value)
  const method = fields.get('method')
  if (fields.get('jsonrpc') !== '2.0' || typeof method !== 'string') return failure(-32600, 'Invalid Request')
  // A request without an id is a notification, which has no answer.
  return fields.has('id') ? answer({ id: fields.get('id'), method, params: fields.get('params') }) : undefined
}

/** The fields of an object. Empty for anything else. */
export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(isRecord(value) ? Object.entries(value) : [])
}

function failure(code: number, message: string): RpcAnswer {
  return { jsonrpc: '2.0', id: null, error: { code, message } }
}
