import { describe, expect, test } from 'vitest'
import { dialectsField } from '../api/dialects/list.ts'
import { kindOf, NAMESPACES } from '../chains/registry.ts'
import { ServiceError } from '../core/errors.ts'
import { parseConfig } from './config.ts'

function parse(text: string): unknown {
  const dialects = dialectsField({ kindOf, namespaces: NAMESPACES })
  const parts = { name: 'steelyard.yaml', folder: '/etc/steelyard', env: {}, kindOf: () => undefined }
  return parseConfig({ ...parts, text, namespaces: NAMESPACES, dialects })
}

describe("an issuer's assets", () => {
  const said = (asset: string): string => {
    try {
      parse(`dialects: { abc-labs: { assets: [${asset}] } }`)
    } catch (error) {
      return error instanceof ServiceError ? `${error.code} ${error.message}` : String(error)
    }
    return 'nothing'
  }

  test.each([
    ['{ asset_id: "A\\uD800" }', 'asset_id', '"A\\ud800"'],
    ['{ asset_id: A, name: "\\uDC00" }', 'name', '"\\udc00"'],
    ['{ asset_id: A, symbol: "\\uDBFFx" }', 'symbol', '"\\udbffx"'],
    ['{ asset_id: A, symbol: "a\\tb" }', 'symbol', '"a\\tb"'],
    [`{ asset_id: A, symbol: ${'s'.repeat(65)} }`, 'symbol', `"${'s'.repeat(65)}"`],
    [`{ asset_id: A, name: ${'n'.repeat(129)} }`, 'name', `"${'n'.repeat(80)}…"`],
  ])('that no record can hold are rejected: %s', (asset, key, got) => {
    expect(said(asset)).toMatch(/^CONFIG_INVALID /)
    expect(said(asset)).toContain(`dialects.abc-labs.assets.0.${key}: got ${got}, expected`)
  })

  test('accept whole surrogate pairs and names of the greatest length', () => {
    expect(said(`{ asset_id: "🏦", name: ${'n'.repeat(128)}, symbol: ${'s'.repeat(64)} }`)).toBe('nothing')
  })
})
