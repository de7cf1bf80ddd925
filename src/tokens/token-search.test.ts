import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ENGINES, type StorePlace } from '../../test/store/engines.ts'
import { listedChain, listedStandard } from '../chains/registry.ts'
import type { AssetRef } from '../core/asset.ts'
import { parseChainId } from '../core/chain.ts'
import { STANDARDS, type Standard } from '../core/standards.ts'
import type { BlockTransfers } from '../core/transfer.ts'
import type { ChainReads, Journal } from '../store/seam/store.ts'
import { TokenLists } from './token-lists.ts'
import { TokenSearch } from './token-search.ts'

const CHAIN = parseChainId('eip155:1') ?? expect.fail()
const address = (digit: string): string => `0x${digit.repeat(40)}`
const erc20 = (digit: string): AssetRef => ({ standard: 'erc20', reference: address(digit) })
const ALL = STANDARDS.filter((standard): boolean => standard !== 'native')

/** Indexed in this order; `3` is an NFT and an ERC-20 too. `1` and `5` are in a list, `5` was never indexed. */
const INDEXED: readonly (readonly [digit: string, standard: Standard, symbol: string, name: string])[] = [
  ['2', 'erc20', 'TWO', 'Second token'],
  ['1', 'erc20', 'ONE', 'First token'],
  ['3', 'erc721', 'THR', 'Items'],
  ['3', 'erc20', 'two_', 'A coin of items'],
  ['4', 'erc20', 'ÉTÉ', '50% off'],
]

describe.each(ENGINES)('$name', ({ makePlace }) => {
  let place: StorePlace
  let journal: Journal
  let reads: ChainReads
  let search: TokenSearch

  beforeAll(async () => {
    place = await makePlace()
    ;({ journal, reads } = await place.openChain())
    const header = { number: 0, hash: `0x${'1'.repeat(64)}`, parentHash: `0x${'0'.repeat(64)}`, timestamp: 1 }
    const transfers = INDEXED.map(([digit, standard], event): BlockTransfers['transfers'][number] => ({
      asset: { standard, reference: address(digit) },
      from: undefined,
      to: address('9'),
      item: standard === 'erc20' ? '' : '7',
      amount: 1n,
      event,
      part: 0,
      transactionHash: header.hash,
    }))
    await journal.append({ first: 0, through: header, blocks: [{ ...header, transfers }], headers: [header] })
    const facts = { decimals: 6, totalSupply: undefined, supplyBlock: undefined, readAt: 1 }
    await reads.tokens.put([
      ...INDEXED.map(([digit, standard, symbol, name]) => ({
        asset: { standard, reference: address(digit) },
        symbol,
        name,
        ...facts,
      })),
      { asset: erc20('8'), symbol: 'TWOX', name: 'Read for a caller, never indexed', ...facts },
    ])
    const parseToken = (_: unknown, text: string) => (/^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined)
    const lists = new TokenLists({ parseToken, listedChain, listedStandard })
    const entry = { chainId: 1, decimals: 6 }
    const tokens = [
      { ...entry, address: address('5'), symbol: 'Five', name: 'Only listed' },
      { ...entry, address: address('1'), symbol: 'UNO', name: 'Listed first' },
      { ...entry, address: address('1'), symbol: 'TWICE', name: 'The first entry wins' },
      { ...entry, chainId: 10, address: address('6'), symbol: 'SIX', name: 'Of another chain' },
    ]
    lists.add({ tokens }, 'test')
    search = new TokenSearch({ storeOf: async () => reads.tokens, lists, parseToken })
  })
  afterAll(async () => {
    await place.end()
  })

  /** What was found: the digit of the address and the standard's number, with `*` if it is listed. */
  async function find(query: Partial<Parameters<TokenSearch['search']>[1]>): Promise<string> {
    const { rows, more } = await search.search(CHAIN, { standards: ALL, offset: 0, limit: 10, ...query })
    const names = rows.map(({ asset, listed }) => {
      return `${asset.reference.at(-1)}${asset.standard === 'erc20' ? '' : 'n'}${listed ? '*' : ''}`
    })
    return [...names, ...(more ? ['…'] : [])].join(' ')
  }

  describe('a search of tokens', () => {
    test('without text has listed tokens first, then the others as they were indexed', async () => {
      expect(await find({})).toBe('5* 1* 2 3n 3 4')
      expect(await find({ text: '  ' })).toBe('5* 1* 2 3n 3 4')
      expect(await find({ standards: ['erc20'] })).toBe('5* 1* 2 3 4')
      expect(await find({ standards: ['erc721'] })).toBe('3n')
      expect(await find({ listed: true })).toBe('5* 1*')
      expect(await find({ listed: false })).toBe('2 3n 3 4')
      expect(await find({ listed: true, standards: ['erc721'] })).toBe('')
    })

    test('gives each token once over its pages, whatever their size', async () => {
      const pages = async (limit: number) =>
        Promise.all([0, 1, 2, 3, 4, 5].map((page) => find({ limit, offset: page * limit })))
      expect(await pages(1)).toEqual(['5* …', '1* …', '2 …', '3n …', '3 …', '4'])
      expect((await pages(2)).slice(0, 4)).toEqual(['5* 1* …', '2 3n …', '3 4', ''])
      expect((await pages(3)).slice(0, 3)).toEqual(['5* 1* 2 …', '3n 3 4', ''])
      expect(await find({ listed: true, limit: 1 })).toBe('5* …')
      expect(await find({ offset: 1_000_000 })).toBe('')
    })

    test('by address finds the contract in any case, listed or not', async () => {
      expect(await find({ text: address('3') })).toBe('3n 3')
      expect(await find({ text: address('1') })).toBe('1*')
      expect(await find({ text: address('5').toUpperCase().replace('X', 'x') })).toBe('5*')
      expect(await find({ text: address('1'), listed: false })).toBe('')
      expect(await find({ text: address('8') })).toBe('')
      expect(await find({ text: address('7') })).toBe('')
    })

    test('by text finds a part of listed symbols and names, and the beginning of others', async () => {
      expect(await find({ text: 'two' })).toBe('2 3')
      expect(await find({ text: 'TWO_' })).toBe('3')
      expect(await find({ text: 'second tok' })).toBe('2')
      expect(await find({ text: 'uno' })).toBe('1*')
      expect(await find({ text: 'only' })).toBe('5*')
      expect(await find({ text: 'one' })).toBe('1*')
      expect(await find({ text: 'one', listed: false })).toBe('')
      expect(await find({ text: 'ÉT' })).toBe('4')
      // Only the letters A to Z are found in any case.
      expect(await find({ text: 'Ét' })).toBe('4')
      expect(await find({ text: 'ét' })).toBe('')
      expect(await find({ text: 'nly' })).toBe('5*')
      expect(await find({ text: 'nly', listed: false })).toBe('')
      expect(await find({ text: 'econd tok' })).toBe('')
    })

    test.each(['%', '_', '5_', '*', "'", '"', '\\', '\u0000', '\ud800', '(', 'x'.repeat(100_000)])(
      'treats %j as plain text',
      async (text) => {
        expect(await find({ text })).toBe('')
      },
    )

    test('finds a percent sign that is there', async () => {
      expect(await find({ text: '50%' })).toBe('4')
    })
  })
})
