import { expect, test } from 'vitest'
import { dialectsField } from '../api/dialects/list.ts'
import { kindOf, NAMESPACES } from '../chains/registry.ts'
import type { ChainConfig } from './chains.ts'
import { parseConfig } from './config.ts'

/** The only chain of a configuration with this id and these other keys. */
function chain(id: string, rest: string, env: Readonly<Record<string, string>> = {}): ChainConfig | undefined {
  return parseConfig({
    text: `chains: [{ id: "${id}", rpc: ["http://a"]${rest} }]`,
    name: 'steelyard.yaml',
    folder: '/etc/steelyard',
    env,
    kindOf: () => ({ parseAddress: (text) => text, parseToken: (text) => text }),
    namespaces: NAMESPACES,
    dialects: dialectsField({ kindOf, namespaces: NAMESPACES }),
  }).chains[0]
}

test('the limit of followed accounts is for chains with the scope accounts', () => {
  expect(chain('eip155:1', '')?.followedMax).toBeUndefined()
  expect(chain('eip155:1', ', scope: { accounts: [] }')?.followedMax).toBe(10_000)
  const env = { STEELYARD_CHAINS_0_FOLLOWED_MAX: '7' }
  expect(chain('eip155:1', ', scope: { accounts: [] }', env)?.followedMax).toBe(7)
})

test('a chain whose transfers are found only by account has the scope accounts', () => {
  const scope = { type: 'accounts', accounts: [] }
  expect(chain('chia:mainnet', '')).toMatchObject({ scope, followedMax: 10_000 })
  expect(chain('chia:mainnet', ', scope: { accounts: [] }')?.scope).toEqual(scope)
  for (const other of [', scope: all', ', scope: { tokens: [a] }']) {
    expect(() => chain('chia:mainnet', other)).toThrow('transfers of this chain are found only by account')
  }
})
