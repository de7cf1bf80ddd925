import { describe, expect, test } from 'vitest'
import { tinyNode, withNode } from '../../../../test/starknet/tiny-chain.ts'
import { assert } from '../../../core/assert.ts'
import { parseChainId } from '../../../core/chain.ts'
import { confirmNode, parseVersion, readChain, takesAddressList } from './confirm-node.ts'

const CHAIN = readChain

describe('the version of the specification', () => {
  test.each([
    ['0.9.0', { major: 0, minor: 9, patch: 0 }],
    ['0.10', { major: 0, minor: 10, patch: 0 }],
    ['v0.10.2', { major: 0, minor: 10, patch: 2 }],
    ['0.10.0-rc.1', { major: 0, minor: 10, patch: 0 }],
  ])('%s is read', (text, version) => {
    expect(parseVersion(text)).toEqual(version)
  })

  test.each(['', '0', 'x', '0.10.', '0.10.2.1', '99999.1'])('%s is none', (text) => {
    expect(parseVersion(text)).toBeUndefined()
  })

  test('from 0.10.1 on a list of addresses may be sent', () => {
    const takes = ['0.9.0', '0.10.0', '0.10.1', '0.11.0', '1.0.0'].map((text) => takesAddressList(parseVersion(text)))
    expect([...takes, takesAddressList(undefined)]).toEqual([false, false, true, true, true, false])
  })

  test.each(['0.9.0', '0.9.9', '0.10.0-rc.2', '0.10.2', '0.11.0', '1.0.0'])('%s is spoken', async (version) => {
    const { value } = await withNode(tinyNode([[]], { over: { starknet_specVersion: () => version } }), CHAIN)
    expect(value).toBe('starknet:TNY')
  })

  test.each(['0.1.0', '0.7.1', '0.8.1'])('%s is refused, and the error says what to do', async (version) => {
    const asked = withNode(tinyNode([[]], { over: { starknet_specVersion: () => version } }), CHAIN)
    await expect(asked).rejects.toMatchObject({
      code: 'NODE_REFUSED',
      message: expect.stringContaining('/rpc/v0_10'),
      fields: { specVersion: version },
    })
  })

  test.each([
    ['0.10.2', []],
    ['0.11.0', [["a node speaks a newer version of Starknet's JSON-RPC than is known here", '0.11.0']]],
  ])('%s is reported once if it is newer than those known here', async (version, expected) => {
    const warnings: unknown[] = []
    const warn = (message: string, fields: Readonly<Record<string, unknown>>): void =>
      void warnings.push([message, fields.specVersion])
    const chain = parseChainId('starknet:TNY')
    assert(chain !== undefined, 'a CAIP-2 id')
    const versions = new Map()
    await withNode(tinyNode([[]], { over: { starknet_specVersion: () => version } }), async (session) => {
      await confirmNode(session, { chain, versions, warn })
      await confirmNode(session, { chain, versions, warn })
    })
    expect(warnings).toEqual(expected)
  })

  test('a node that names none is no Starknet node', async () => {
    const asked = withNode(tinyNode([[]], { over: { starknet_specVersion: () => 9 } }), CHAIN)
    await expect(asked).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  })
})

describe('the chain', () => {
  test('is a short string in any spelling', async () => {
    const over = { starknet_chainId: () => '0x00544E59' }
    expect((await withNode(tinyNode([[]], { over }), CHAIN)).value).toBe('starknet:TNY')
  })

  test('of another network stops the chain', async () => {
    const asked = withNode(tinyNode([[]], { over: { starknet_chainId: () => '0x534e5f4d41494e' } }), CHAIN)
    await expect(asked).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
      fields: { answered: 'starknet:SN_MAIN', configured: 'starknet:TNY' },
    })
  })

  test.each(['0x0', 'TNY', 1, `0x${'20'.repeat(31)}`, '0xff'])('%s is none', async (id) => {
    const asked = withNode(tinyNode([[]], { over: { starknet_chainId: () => id } }), CHAIN)
    await expect(asked).rejects.toMatchObject({ code: 'NODE_GARBAGE' })
  })
})
