import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { listedChain } from '../chains/registry.ts'
import type { AssetRef } from '../core/asset.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { readTokenLists, TokenLists } from './token-lists.ts'

const parseAddress = (_: ChainId, text: string): string | undefined =>
  /^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  if (chain === undefined) throw new Error(text)
  return chain
}

const names = { parseAddress, listedChain }
const one = chainOf('eip155:1')
const A = `0x${'Aa'.repeat(20)}`
const a: AssetRef = { standard: 'erc20', reference: A.toLowerCase() }
const entry = { chainId: 1, address: A, name: 'Token A', symbol: 'A', decimals: 6 }

function lists(...tokens: unknown[]): TokenLists {
  const made = new TokenLists(names)
  made.add({ name: 'test', tokens }, 'test')
  return made
}

describe('a token list', () => {
  test('the real default list of Uniswap', () => {
    const file = createRequire(import.meta.url).resolve('@uniswap/default-token-list')
    const found = readTokenLists([file], names)
    expect(found.size).toBeGreaterThan(500)
    expect(found.find(one, { standard: 'erc20', reference: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48' })).toEqual({
      name: 'USDCoin',
      symbol: 'USDC',
      decimals: 6,
      logo: expect.stringMatching(/^https:\/\//),
      urls: [],
    })
  })

  test('the first list wins, and chains do not mix', () => {
    const found = lists(entry, { ...entry, name: 'Second' }, { ...entry, chainId: 10, name: 'On ten' })
    expect(found.find(one, a)?.name).toBe('Token A')
    expect(found.find(chainOf('eip155:10'), a)?.name).toBe('On ten')
    expect(found.find(chainOf('eip155:5'), a)).toBeUndefined()
    expect(found.find(one, { ...a, standard: 'erc721' })).toBeUndefined()
  })

  test('names are cleaned and cut, URLs are checked, decimals are bounded', () => {
    const found = lists({
      ...entry,
      name: `Bad\u0000\u202ename ${'x'.repeat(500)}`,
      symbol: '\u200b',
      decimals: 256,
      logoURI: 'javascript:alert(1)',
      extensions: { website: 'https://a.example/', other: 'data:text/html,x', deep: { a: 1 } },
    })
    expect(found.find(one, a)).toEqual({
      name: `Badname ${'x'.repeat(120)}`,
      symbol: undefined,
      decimals: undefined,
      logo: undefined,
      urls: [{ name: 'website', url: 'https://a.example/' }],
    })
  })

  test.each([
    'https://a.example/a.png',
    'http://a.example/a.png',
    'ipfs://QmXttGpZrECX5qCyXbBQiqgQNytVGeZW5Anewvh2jc4psg',
  ])('the logo %s is kept', (logoURI) => {
    expect(lists({ ...entry, logoURI }).find(one, a)?.logo).toBe(logoURI)
  })

  test.each<[string, unknown]>([
    ['text', 'x'],
    ['null', null],
    ['a bad address', { ...entry, address: '0x1' }],
    ['a chain id in text', { ...entry, chainId: '1' }],
    ['a chain id over 2^53', { ...entry, chainId: 2 ** 60 }],
  ])('an invalid entry (%s) is skipped and counted', (_, bad) => {
    const found = lists(bad, entry)
    expect([found.size, found.skipped]).toEqual([1, 1])
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['no tokens', {}],
    ['tokens by name', { tokens: {} }],
  ])('%s is not a token list', (_, list) => {
    expect(() => new TokenLists(names).add(list, 'my.json')).toThrow('tokens.lists: my.json is not a token list')
  })

  test('the error names a missing file', () => {
    expect(() => readTokenLists(['/nowhere/list.json'], names)).toThrow('tokens.lists: /nowhere/list.json cannot')
  })
})
