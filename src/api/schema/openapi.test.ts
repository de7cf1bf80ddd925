import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { fakeDeps } from '../../../test/conformance/chainbase-fakes.ts'
import { isRecord } from '../../core/is-record.ts'
import { createServer } from '../create-server.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'))

/** Returns every object of the document with its path. */
function walk(value: unknown, path: string): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => walk(item, `${path}/${index}`))
  if (!isRecord(value)) return []
  return [[path, value], ...Object.entries(value).flatMap(([key, item]) => walk(item, `${path}/${key}`))]
}

function at(path: string): unknown {
  return path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), document)
}

test('every reference exists, and every schema is valid JSON Schema 2020-12', () => {
  const references = walk(document, '#').flatMap(([, value]) => (typeof value.$ref === 'string' ? [value.$ref] : []))
  expect(references.length).toBeGreaterThan(20)
  for (const reference of references) expect(at(reference), reference).toBeDefined()
  const ajv = new Ajv2020({ strict: false })
  for (const [path, value] of walk(document, '#')) {
    if (path.endsWith('/schema') || /\/schemas\/[^/]+$/.test(path)) expect(ajv.validateSchema(value), path).toBe(true)
  }
})

test('every operation has a unique id, a summary, and a description for each of its answers', () => {
  const ids = walk(document, '#').flatMap(([, value]) => (value.operationId === undefined ? [] : [value.operationId]))
  expect(new Set(ids).size).toBe(ids.length)
  for (const [path, value] of walk(document, '#')) {
    if (!/^#\/paths\/.*\/responses\/\d+$/.test(path)) continue
    expect(value, path).toMatchObject({ description: expect.stringMatching(/./), content: expect.anything() })
  }
})

test('it contains no private keyword, machine name or default', () => {
  expect(JSON.stringify(document)).not.toMatch(/x-exact|x-joins|x-lower-case|x-balance|127\.0\.0\.1|localhost/)
})

const operations = Object.entries(at('#/paths') ?? {}).flatMap(([path, methods]) =>
  Object.entries(isRecord(methods) ? methods : {}).map(([method, operation]): readonly [string, unknown] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
)

test('every operation states whether it needs a key, and its errors', () => {
  expect(operations.length).toBeGreaterThan(15)
  for (const [path, operation] of operations) {
    if (!isRecord(operation)) expect.fail(`${path} is an operation`)
    expect(operation.security, path).toBeInstanceOf(Array)
    const statuses = Object.keys(isRecord(operation.responses) ? operation.responses : {})
    expect(
      statuses.some((status) => /^4(?:\d\d|XX)$/.test(status)),
      path,
    ).toBe(true)
  }
})

test('constant fields of answers are documented as constants', () => {
  const schemas = at('#/components/schemas')
  if (!isRecord(schemas)) expect.fail('there are schemas')
  for (const [title, schema] of Object.entries(schemas)) {
    const fields = isRecord(schema) && isRecord(schema.properties) ? schema.properties : {}
    const { status, code, message } = fields
    if (title === 'AbcLabsError') expect(status).toMatchObject({ const: 'error' })
    else if (isRecord(fields.asset_id) && status !== undefined)
      expect(status, title).toMatchObject({ const: 'success' })
    if (title.startsWith('ResponseGet')) {
      expect(code, title).toMatchObject({ type: 'integer', const: 0 })
      expect(message, title).toMatchObject({ const: 'ok' })
    }
  }
})

test('every served path is described', async () => {
  const server = createServer(
    await fakeDeps({ held: [], unindexed: new Map(), tokens: [], holders: [], transfers: [] }),
  )
  const served = new Set<string>()
  server.addHook('onRoute', ({ method, url, schema }) => {
    const path = url.replace(/:(\w+)/g, '{$1}')
    for (const one of [method].flat()) if (schema?.hide !== true && one !== 'HEAD') served.add(`${one} ${path}`)
  })
  await server.ready()
  await server.close()
  const described = operations.map(([name]) => name)
  expect([...served].sort()).toEqual(described.sort())
  for (const path of ['/health', '/ready', '/metrics', '/docs', '/openapi.json'])
    expect(described).toContain(`GET ${path}`)
})
