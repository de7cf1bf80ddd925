import { describe, expect, test } from 'vitest'
import { EVM_NATIVE } from '../../../chains/evm/native-asset.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { type ChainId, parseChainId } from '../../../core/chain.ts'
import { type NameSources, vendorNames } from './vendor-names.ts'

function chain(text: string): ChainId {
  const id = parseChainId(text)
  if (id === undefined) throw new Error(`not a chain id: ${text}`)
  return id
}

const SEPOLIA = chain('eip155:11155111')
const token = (digit: string): AssetRef => ({ standard: 'erc20', reference: `0x${digit.repeat(40)}` })
const NONE: NameSources = { settings: { chains: [], tokens: [] }, listed: () => [] }
const names = (
  sources: Partial<NameSources['settings']>,
  listed: readonly (readonly [AssetRef, string | undefined])[] = [],
) =>
  vendorNames({
    settings: { ...NONE.settings, ...sources },
    listed: (of) => (of === SEPOLIA ? listed.map(([asset, symbol]) => ({ asset, symbol })) : []),
  })

describe('ids of chains', () => {
  test.each([
    ['eip155:1', ['ETH', 'EVM_1']],
    ['eip155:11155111', ['SETH', 'EVM_11155111']],
    ['eip155:31337', ['EVM_31337']],
    ['starknet:SN_MAIN', ['STARKNET', 'STARKNET_SN_MAIN']],
    ['starknet:SN_DEMO', ['STARKNET_SN_DEMO']],
    ['chia:mainnet', ['XCH', 'XCH_mainnet']],
    ['ledger:main', ['LEDGER', 'LEDGER_main']],
    ['other:1', ['OTHER_1']],
  ])('%s', (id, expected) => {
    expect(vendorNames(NONE).ofChain(chain(id))).toEqual(expected)
  })

  test('the configuration comes first, and nobody else gets its ids', () => {
    const rule = names({ chains: [['ETH', SEPOLIA]] })
    expect(rule.ofChain(SEPOLIA)).toEqual(['ETH', 'SETH', 'EVM_11155111'])
    expect(rule.ofChain(chain('eip155:1'))).toEqual(['EVM_1'])
  })
})

describe('ids of assets', () => {
  const idsOf = (rule: ReturnType<typeof vendorNames>, asset: AssetRef) => rule.ofAsset({ chain: SEPOLIA, asset })

  test('a native asset has the id of its chain', () => {
    expect(idsOf(vendorNames(NONE), EVM_NATIVE)).toEqual(['SETH', 'SETH_60'])
  })

  test('only a listed token has its symbol in its id, and of two with one symbol only the first', () => {
    const rule = names({}, [
      [token('a'), 'USDC'],
      [token('b'), 'usdc'],
      [token('c'), undefined],
    ])
    expect(idsOf(rule, token('a'))).toEqual(['SETH_USDC', `SETH_${token('a').reference}`])
    for (const other of ['b', 'c', 'd']) expect(idsOf(rule, token(other))).toEqual([`SETH_${token(other).reference}`])
  })

  test('the configuration comes before lists', () => {
    const rule = names({ tokens: [['SETH_USDC', { chain: SEPOLIA, asset: token('b') }]] }, [[token('a'), 'USDC']])
    expect(idsOf(rule, token('a'))).toEqual([`SETH_${token('a').reference}`])
    expect(idsOf(rule, token('b'))).toEqual(['SETH_USDC', `SETH_${token('b').reference}`])
  })

  test.each([
    ['the reference of another contract', token('b').reference],
    ['the same in capitals', token('b').reference.toUpperCase()],
    ['letters that look like others', 'USDС'],
    ['a comma', 'A,B'],
    ['a space', 'A B'],
    ['nothing', ''],
    ['too much', 'A'.repeat(33)],
  ])('a symbol with %s is not part of an id', (_, symbol) => {
    expect(idsOf(names({}, [[token('a'), symbol]]), token('a'))).toEqual([`SETH_${token('a').reference}`])
  })

  test('a configured chain id begins the ids of its tokens', () => {
    const rule = names({ chains: [['TEST', SEPOLIA]] }, [[token('a'), 'USDC']])
    expect(idsOf(rule, token('a'))[0]).toBe('TEST_USDC')
    expect(idsOf(rule, EVM_NATIVE)[0]).toBe('TEST')
  })
})
