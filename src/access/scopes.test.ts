import { describe, expect, test } from 'vitest'
import { type KeyScope, SCOPES } from '../store/seam/keys.ts'
import { grants } from './scopes.ts'

describe('what a scope permits', () => {
  test.each<[KeyScope, readonly KeyScope[]]>([
    ['read', ['read', 'wallet:read']],
    ['write', ['write', 'wallet:write']],
    ['admin', ['admin']],
    ['wallet:read', ['wallet:read']],
    ['wallet:write', ['wallet:write']],
    ['*', SCOPES],
  ])('%s', (held, permitted) => {
    expect(SCOPES.filter((scope) => grants([held], scope))).toEqual(permitted)
  })

  test('several scopes permit what each of them does, and none permits nothing', () => {
    expect(SCOPES.filter((scope) => grants(['wallet:read', 'wallet:write'], scope))).toEqual([
      'wallet:read',
      'wallet:write',
    ])
    expect(SCOPES.filter((scope) => grants([], scope))).toEqual([])
  })
})
