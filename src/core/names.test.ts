import { describe, expect, test } from 'vitest'
import { EVM_NATIVE } from '../chains/evm/native-asset.ts'
import { HEX_ACCOUNTS, TEXT_ACCOUNTS } from './account.ts'
import { assetText } from './asset.ts'
import { type ChainId, namespaceOf, parseChainId, referenceOf } from './chain.ts'
import { coverageTest, type Scope } from './coverage.ts'
import { isFungible } from './standards.ts'
import { cleanText, MAX_SYMBOL_CHARACTERS } from './token.ts'

test.each(['eip155:1', 'starknet:SN_MAIN', 'chia:mainnet', 'ledger:main', 'chia:simulator0'])(
  '%s is a chain',
  (text) => {
    const chain = parseChainId(text)
    expect(chain && `${namespaceOf(chain)}:${referenceOf(chain)}`).toBe(text)
  },
)

test.each(['', '1', 'eip155', 'eip155:', ':1', 'EIP155:1', 'eip155:1:2', 'eip155:a b', `eip155:${'1'.repeat(33)}`])(
  '%j is not a chain',
  (text) => {
    expect(parseChainId(text)).toBeUndefined()
  },
)

test('assets have their CAIP-19 names outside the store', () => {
  const chain = 'eip155:1' as ChainId
  expect(assetText(chain, { standard: 'erc20', reference: '0xab' })).toBe('eip155:1/erc20:0xab')
  expect(assetText(chain, EVM_NATIVE)).toBe('eip155:1/slip44:60')
  expect((['native', 'erc20', 'erc721', 'erc1155'] as const).map(isFungible)).toEqual([true, true, false, false])
})

test('codecs keep accounts unchanged', () => {
  const hex = `0x${'0a'.repeat(20)}`
  expect(HEX_ACCOUNTS.decode(HEX_ACCOUNTS.encode(hex))).toBe(hex)
  expect(TEXT_ACCOUNTS.decode(TEXT_ACCOUNTS.encode('0xDEF456… £'))).toBe('0xDEF456… £')
})

describe('coverage', () => {
  const token = { standard: 'erc20', reference: '0xt' } as const
  const other = { standard: 'erc20', reference: '0xo' } as const

  test('all: every token, never the native asset', () => {
    const { covers, keeps } = coverageTest({ scope: { type: 'all' }, from: 0 }, 'z')
    expect([covers('a', token), covers('a', EVM_NATIVE), keeps('a')]).toEqual([true, false, true])
  })

  test('tokens: only the listed ones', () => {
    const { covers, keeps } = coverageTest({ scope: { type: 'tokens', tokens: ['0xt'] }, from: 0 }, 'z')
    expect([covers('a', token), covers('a', other), keeps('a')]).toEqual([true, false, true])
  })

  test('accounts: only the listed ones, and nothing of the others is kept', () => {
    const { covers, keeps } = coverageTest({ scope: { type: 'accounts', accounts: ['a'] }, from: 0 }, 'z')
    expect([covers('a', token), covers('b', token), keeps('a'), keeps('b')]).toEqual([true, false, true, false])
  })

  test.each<Scope>([{ type: 'all' }, { type: 'tokens', tokens: ['0xt'] }, { type: 'accounts', accounts: ['a', 'z'] }])(
    '$type: nothing of the zero address',
    (scope) => {
      const { covers, keeps } = coverageTest({ scope, from: 0 }, 'z')
      expect([covers('z', token), keeps('z'), covers('a', token), keeps('a')]).toEqual([false, false, true, true])
    },
  )
})

test.each([
  ['USD Coin', 'USD Coin'],
  ['  A\tB\n C ', 'A B C'],
  ['a\0b', 'ab'],
  ['\u202egnirts', 'gnirts'],
  ['\ufeff\u200b', undefined],
  ['', undefined],
  ['\ud800x', 'x'],
])('untrusted %j is shown as %j', (text, shown) => {
  expect(cleanText(text, 128)).toBe(shown)
})

test('a megabyte of name is cut at whole characters', () => {
  expect(cleanText('𝔘'.repeat(500_000), MAX_SYMBOL_CHARACTERS)).toBe('𝔘'.repeat(MAX_SYMBOL_CHARACTERS))
})
