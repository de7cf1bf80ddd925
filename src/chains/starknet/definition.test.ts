import { describe, expect, test } from 'vitest'
import { assert } from '../../core/assert.ts'
import { assetText } from '../../core/asset.ts'
import { parseChainId } from '../../core/chain.ts'
import { STARKNET } from './definition.ts'

describe('the kind', () => {
  test('has canonical addresses of 32 bytes, which keep their text in the store', () => {
    const { accountCodec, parseAddress: parse } = STARKNET
    const address = parse('0XA') ?? ''
    expect(address).toBe(`0x${'a'.padStart(64, '0')}`)
    expect(accountCodec.decode(accountCodec.encode(address))).toBe(address)
    expect(parse('0x800000000000011000000000000000000000000000000000000000000000001')).toBeUndefined()
  })

  test('knows the tokens of mainnet whose events do not add up', () => {
    const main = parseChainId('starknet:SN_MAIN')
    const other = parseChainId('starknet:TNY')
    assert(main !== undefined && other !== undefined && STARKNET.source === 'nodes', 'Starknet has nodes')
    const tokens = STARKNET.readsTokens?.(main) ?? []
    expect(tokens.map((asset) => assetText(main, asset))).toEqual([
      'starknet:SN_MAIN/erc20:0x049d36570d4e46f48e99674bd3fcc84644ddd6b96f7c741b1562b82f9e004dc7',
    ])
    expect(STARKNET.readsTokens?.(other)).toEqual([])
  })
})
