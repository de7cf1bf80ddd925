import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { listedChain, listedStandard } from '../chains/registry.ts'
import type { AssetRef } from '../core/asset.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { readTokenLists, TokenLists } from './token-lists.ts'

const parseToken = (_: ChainId, text: string): string | undefined =>
  /^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined

function chainOf(text: string): ChainId {
  const chain = parseChainId(text)
  if (chain === undefined) throw new Error(text)
  return chain
}

const names = { parseToken, listedChain, listedStandard }
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
      description: undefined,
      tags: [],
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
      description: undefined,
      tags: [],
      logo: undefined,
      urls: [{ name: 'website', url: 'https://a.example/' }],
    })
  })

  test('descriptions and tags are cleaned and cut', () => {
    const tags = ['meme', 7, '\u202e', ...Array.from({ length: 20 }, (_, index) => `t${index}`)]
    const found = lists({ ...entry, tags, extensions: { description: `A\u0000 token ${'x'.repeat(2_000)}` } })
    expect(found.find(one, a)?.description).toBe(`A token ${'x'.repeat(992)}`)
    expect(found.find(one, a)?.tags).toEqual(['meme', ...Array.from({ length: 13 }, (_, index) => `t${index}`)])
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

describe('a list of one chain', () => {
  const chia = chainOf('chia:mainnet')
  const reference = 'ab'.repeat(32)
  const catNames = {
    parseToken: (chain: ChainId, text: string) =>
      chain !== chia ? parseToken(chain, text) : text.length === 64 ? text.toLowerCase() : undefined,
    listedChain,
    listedStandard: (chain: ChainId) => (chain === chia ? 'cat' : listedStandard(chain)),
  } as const

  test('names its chain once, and its tokens by asset ids', () => {
    const made = new TokenLists(catNames)
    const cat = {
      asset_id: reference.toUpperCase(),
      name: 'Spacebucks',
      symbol: 'SBX',
      logo: 'https://a.example/sbx.png',
    }
    made.add({ chain: chia, tokens: [cat, { ...cat, asset_id: 'ab' }, { ...cat, asset_id: 7 }] }, 'cats.json')
    // A list without a chain has tokens of numbered chains.
    made.add({ tokens: [entry, cat] }, 'other.json')
    expect([made.size, made.skipped]).toEqual([2, 3])
    expect(made.find(chia, { standard: 'cat', reference })).toEqual({
      name: 'Spacebucks',
      symbol: 'SBX',
      decimals: undefined,
      description: undefined,
      tags: [],
      logo: 'https://a.example/sbx.png',
      urls: [],
    })
    expect(made.search(chia, { text: 'sbx' })).toEqual([{ standard: 'cat', reference }])
    expect(made.find(one, a)?.name).toBe('Token A')
  })

  test.each([7, '', 'mainnet', null])('cannot name its chain %j', (chain) => {
    const add = () => new TokenLists(catNames).add({ chain, tokens: [] }, 'my.json')
    expect(add).toThrow('tokens.lists: my.json names a chain that is no CAIP-2 id')
  })

  test('the shipped list of CATs', () => {
    const file = fileURLToPath(new URL('../../docs/token-lists/chia-mainnet.json', import.meta.url))
    const found = readTokenLists([file], catNames)
    expect([found.size, found.skipped]).toEqual([12, 0])
    const wusdc = 'fa4a180ac326e67ea289b869e3448256f6af05721f7cf934cb9901baa6b7a99d'
    expect(found.find(chia, { standard: 'cat', reference: wusdc })).toMatchObject({
      name: 'Base Warped USDC',
      symbol: 'wUSDC.b',
      decimals: 3,
    })
  })
})
