import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { isRecord } from './json-schema.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))

/** Every object of the document with the path to it. */
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

test('every reference names something, and every schema is one of JSON Schema 2020-12', () => {
  const references = walk(document, '#').flatMap(([, value]) => (typeof value.$ref === 'string' ? [value.$ref] : []))
  expect(references.length).toBeGreaterThan(20)
  for (const reference of references) expect(at(reference), reference).toBeDefined()
  const ajv = new Ajv2020({ strict: false })
  for (const [path, value] of walk(document, '#')) {
    if (path.endsWith('/schema') || /\/schemas\/[^/]+$/.test(path)) expect(ajv.validateSchema(value), path).toBe(true)
  }
})

test('every operation has an id of its own, words, and a description for each of its answers', () => {
  const ids = walk(document, '#').flatMap(([, value]) => (value.operationId === undefined ? [] : [value.operationId]))
  expect(new Set(ids).size).toBe(ids.length)
  for (const [path, value] of walk(document, '#')) {
    if (!/^#\/paths\/.*\/responses\/\d+$/.test(path)) continue
    expect(value, path).toMatchObject({ description: expect.stringMatching(/./), content: expect.anything() })
  }
})

test('nothing private, no machine and no default leaks into it', () => {
  expect(JSON.stringify(document)).not.toMatch(/x-exact|x-joins|x-lower-case|x-balance|127\.0\.0\.1|localhost/)
})
