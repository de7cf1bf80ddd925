import { expect, test } from 'vitest'
import { assert } from '../core/assert.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { accountCodecOf } from './account-codecs.ts'
import { kindOf, NAMESPACES } from './registry.ts'

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  assert(chain !== undefined, 'it is a chain id')
  return chain
}

test.each([...NAMESPACES.keys()])('accounts of %s are stored as its kind says', (namespace) => {
  const chain = chainOf(`${namespace}:1`)
  const codec = accountCodecOf(chain)
  expect(codec).toBeDefined()
  expect(codec).toBe(kindOf(chain)?.accountCodec)
})

test('a chain of no kind has no accounts', () => {
  expect(accountCodecOf(chainOf('bip122:1'))).toBeUndefined()
})
