import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { PRIME } from '../../../src/demo/starknet/felt.ts'
import { fieldsOf, type Request, type RpcAnswer } from '../../../src/demo/starknet/json-rpc.ts'
import type { Spec } from '../../../src/demo/starknet/render.ts'

type Schema = Readonly<Record<string, unknown>>

type MethodSpec = {
  readonly names: readonly string[]
  readonly request: ValidateFunction
  readonly result: (value: unknown) => readonly string[]
  readonly errors: ReadonlyMap<number, { readonly message: string; readonly data: ValidateFunction | undefined }>
}

/** The standard codes of JSON-RPC that any method may answer with. */
const STANDARD = [-32700, -32600, -32601, -32602, -32603]
const SCHEMAS = '#/components/schemas/'

/** Starknet's official specification of a version, with its faults patched (test/starknet/spec/README.md). */
export class OpenRpc {
  readonly #methods: ReadonlyMap<string, MethodSpec>

  constructor(version: Spec) {
    const path = new URL(`../spec/v${version}.json`, import.meta.url)
    const document = fieldsOf(JSON.parse(readFileSync(path, 'utf8')))
    const components = fieldsOf(document.get('components'))
    const ajv = new Ajv({ strict: false, allErrors: true })
    ajv.addFormat('felt', (text) => BigInt(text) < PRIME)
    ajv.addSchema({ $id: 'starknet', definitions: patched(components.get('schemas')) })
    const compile = (schema: unknown): ValidateFunction => ajv.compile(Object(patched(schema)))
    const errors = fieldsOf(components.get('errors'))
    const methods = listOf(document.get('methods')).map((method) => methodOf(fieldsOf(method), { errors, compile }))
    this.#methods = new Map(methods)
  }

  /** What the specification says against an exchange, each as a line. */
  problems(request: Request, answer: RpcAnswer): readonly string[] {
    const method = this.#methods.get(request.method)
    const error = answer.error === undefined ? undefined : fieldsOf(answer.error)
    const code = error?.get('code')
    if (method === undefined) return code === -32601 ? [] : [`${request.method}: the specification has no such method`]
    const found: string[] = []
    // A request that the node refused for its form may have any form.
    if (code !== -32602) found.push(...complaints(method.request, namedParams(request.params, method.names)))
    if (error === undefined) found.push(...method.result(answer.result))
    else found.push(...errorProblems(error, method))
    return found.map((line) => `${request.method}: ${line}`)
  }
}

function errorProblems(error: ReadonlyMap<string, unknown>, { errors }: MethodSpec): readonly string[] {
  const code = Number(error.get('code'))
  if (STANDARD.includes(code)) return []
  const known = errors.get(code)
  if (known === undefined) return [`code ${code} is not an error of this method`]
  const message = error.get('message') === known.message ? [] : [`the message of ${code} is not "${known.message}"`]
  return known.data === undefined ? message : [...message, ...complaints(known.data, error.get('data'))]
}

function methodOf(
  method: ReadonlyMap<string, unknown>,
  { errors, compile }: { errors: ReadonlyMap<string, unknown>; compile: (schema: unknown) => ValidateFunction },
): [string, MethodSpec] {
  const params = listOf(method.get('params')).map(fieldsOf)
  const name = (param: ReadonlyMap<string, unknown>): string => String(param.get('name'))
  const request = compile({
    type: 'object',
    properties: Object.fromEntries(params.map((param) => [name(param), param.get('schema')])),
    required: params.filter((param) => param.get('required') === true).map(name),
    additionalProperties: false,
  })
  const declared = listOf(method.get('errors')).map((error) => {
    const reference = String(fieldsOf(error).get('$ref'))
    const { code, message, data } = Object(errors.get(reference.slice(reference.lastIndexOf('/') + 1)))
    return [Number(code), { message: String(message), data: data === undefined ? undefined : compile(data) }] as const
  })
  const result = resultOf(fieldsOf(method.get('result')).get('schema'), compile)
  return [String(method.get('name')), { names: params.map(name), request, result, errors: new Map(declared) }]
}

/** A check of a result. Of a block and a pre-confirmed block, the one is chosen by `block_hash`. */
function resultOf(schema: unknown, compile: (schema: unknown) => ValidateFunction): MethodSpec['result'] {
  const choices = listOf(fieldsOf(schema).get('oneOf'))
  const isPreConfirmed = (choice: unknown): boolean =>
    String(fieldsOf(choice).get('$ref')).includes('PRE_CONFIRMED_BLOCK')
  const open = choices.find(isPreConfirmed)
  if (open === undefined) {
    const check = compile(schema)
    return (value) => complaints(check, value)
  }
  const [block, preConfirmed] = [compile(choices.find((choice) => !isPreConfirmed(choice))), compile(open)]
  return (value) => complaints(fieldsOf(value).has('block_hash') ? block : preConfirmed, value)
}

function complaints(check: ValidateFunction, value: unknown): readonly string[] {
  if (check(value)) return []
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

function namedParams(params: unknown, names: readonly string[]): unknown {
  if (!Array.isArray(params)) return params ?? {}
  return Object.fromEntries(params.map((value: unknown, at) => [names[at] ?? `parameter ${at}`, value]))
}

/** A schema with its references into `definitions`, and without the faults of the official document. */
function patched(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(patched)
  if (typeof schema !== 'object' || schema === null) return schema
  const fields: Schema = Object.fromEntries(Object.entries(schema))
  if (typeof fields.schema === 'object') return patched(fields.schema)
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, unknown][] => {
      if (key === '$ref') return [[key, String(value).replace(SCHEMAS, 'starknet#/definitions/')]]
      if (key === 'required' && typeof value === 'string') return [[key, [value]]]
      if (key === 'title' && value === 'Field element' && fields.pattern !== undefined) return [['format', 'felt']]
      return [[key, patched(value)]]
    }),
  )
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
