import { expect, test } from 'vitest'
import { NAMESPACES } from '../chains/registry.ts'
import { isServiceError } from '../core/errors.ts'
import { parseConfig } from './config.ts'
import { dialects } from './mistakes.fixture.ts'

function finalityOf(chain: string): unknown {
  const text = `chains: [{ ${chain}, rpc: [http://a] }]`
  const parse = (given: string) => given
  const kindOf = () => ({ parseAddress: parse, parseToken: parse })
  const source = {
    text,
    name: 'steelyard.yaml',
    folder: '/etc/steelyard',
    env: {},
    kindOf,
    namespaces: NAMESPACES,
    dialects,
  }
  try {
    return parseConfig(source).chains[0]?.finality
  } catch (error) {
    return isServiceError(error) ? error.message.split('\n')[1]?.trim() : error
  }
}

test('each kind of chain has a finality of its own by default', () => {
  expect(finalityOf('id: eip155:1')).toBe('finalized')
  expect(finalityOf('id: starknet:SN_MAIN')).toBe('l1_accepted')
})

test('a chain takes the tags of its kind, and confirmations', () => {
  expect(finalityOf('id: eip155:1, finality: safe')).toBe('safe')
  expect(finalityOf('id: starknet:SN_MAIN, finality: l1_accepted')).toBe('l1_accepted')
  expect(finalityOf('id: starknet:SN_MAIN, finality: { confirmations: 20 }')).toEqual({ confirmations: 20 })
})

test('a tag of another kind is a mistake', () => {
  const expected = (tags: string): string => `expected ${tags} or { confirmations: 12 }`
  expect(finalityOf('id: eip155:1, finality: l1_accepted')).toContain(expected('finalized or safe'))
  expect(finalityOf('id: starknet:SN_MAIN, finality: safe')).toContain(expected('l1_accepted'))
})
