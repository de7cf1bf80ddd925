import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../test/nodes/scripted-node.ts'
import { tinyNode, withNode } from '../../../../test/starknet/tiny-chain.ts'
import {
  type Contract,
  contracts,
  EMPTY_BLOCKS,
  key,
  REVERTED,
  reader,
} from '../../../../test/starknet/tiny-contracts.ts'
import type { Standard } from '../../../core/standards.ts'
import { parseAddress } from '../words/felt.ts'
import { ERC165_ERC721, SRC5_ERC721 } from '../words/selectors.ts'
import { readTokens } from './read-tokens.ts'
import { readNatures } from './token-nature.ts'

describe('the facts of a token', () => {
  const facts = async (functions: Contract, standard: Standard = 'erc20') => {
    const assets = [key('0x1', standard).asset, key('0x2').asset]
    const call = contracts({ '0x1': functions, '0x2': { name: ['0x4f74686572'], decimals: ['0x12'] } })
    const { value } = await withNode(tinyNode(EMPTY_BLOCKS, { call }), (session) =>
      readTokens(session, assets, reader()),
    )
    expect(value.facts[1]).toMatchObject({ name: 'Other', decimals: 18, symbol: undefined, totalSupply: undefined })
    const { asset: _, ...own } = value.facts[0] ?? { asset: undefined }
    return own
  }

  test('are a short string, a ByteArray, decimals and a supply', async () => {
    expect(
      await facts({
        name: ['0x0', '0x537461726b6e657420546f6b656e', '0xe'],
        symbol: ['0x5354524b'],
        decimals: ['0x12'],
        totalSupply: ['0x1', '0x1'],
      }),
    ).toEqual({ name: 'Starknet Token', symbol: 'STRK', decimals: 18, totalSupply: 2n ** 128n + 1n })
  })

  test('that are broken are unknown, and cleaned', async () => {
    expect(
      await facts({
        name: ['0x5', '0x1', '0x2'],
        symbol: [`0x${Buffer.from('A\u202eB\0').toString('hex')}`],
        decimals: ['0x100'],
        total_supply: REVERTED,
      }),
    ).toEqual({ name: undefined, symbol: 'AB', decimals: undefined, totalSupply: undefined })
  })

  test('that the node did not answer are named', async () => {
    expect(await facts({ name: new Fault(-32603, 'x'), symbol: ['0x41'] })).toEqual({
      name: undefined,
      symbol: 'A',
      decimals: undefined,
      totalSupply: undefined,
      unknownFacts: ['name'],
    })
  })

  test('of items have no decimals', async () => {
    const functions: Contract = { name: ['0x41'], symbol: ['0x42'], decimals: ['0x12'], total_supply: ['0x9', '0x0'] }
    expect(await facts(functions, 'erc721')).toEqual({ name: 'A', symbol: 'B', decimals: undefined, totalSupply: 9n })
    expect(await facts(functions, 'erc1155')).toMatchObject({ name: 'A', totalSupply: undefined })
  })

  test('of a huge answer are none', async () => {
    expect(await facts({ name: new Array(2_000).fill('0x41') })).toMatchObject({ name: undefined })
  })
})

describe('what a contract holds', () => {
  const supports =
    (...ids: readonly string[]) =>
    (calldata: readonly string[]) => [ids.includes(calldata[0] ?? '') ? '0x1' : '0x0']

  test.each<[string, Contract, string | undefined]>([
    ['decimals above 0', { decimals: ['0x12'] }, 'units'],
    ['decimals of 0', { decimals: ['0x0'] }, 'units'],
    ['decimals, and a claim of items', { decimals: ['0x6'], supports_interface: supports(SRC5_ERC721) }, 'units'],
    ['ERC-721 by SRC-5', { supports_interface: supports(SRC5_ERC721) }, 'items'],
    ['ERC-721 by ERC-165', { supportsInterface: supports(ERC165_ERC721) }, 'items'],
    ['an owner of an item', { owner_of: ['0xa'] }, 'items'],
    ['an owner in the early spelling', { ownerOf: ['0xa'] }, 'items'],
    ['another interface', { supports_interface: supports('0x1'), decimals: ['0x0'] }, 'units'],
    ['an owner and decimals', { owner_of: ['0xa'], decimals: ['0x12'] }, 'undecided'],
    ['an owner and decimals of 0', { owner_of: ['0xa'], decimals: ['0x0'] }, 'undecided'],
    ['no owner and no decimals', { owner_of: REVERTED }, 'undecided'],
    ['nothing', {}, 'undecided'],
    ['decimals that are none', { decimals: ['0x100'] }, 'undecided'],
    ['a node that fails', { decimals: new Fault(-32603, 'x') }, undefined],
    ['a node that fails after a claim', { decimals: new Fault(-32603, 'x'), supports_interface: ['0x1'] }, 'items'],
  ])('%s: %s', async (_, functions, expected) => {
    const samples = [{ contract: parseAddress('0x1') ?? '', numbers: [7n, 2n ** 130n] }]
    const call = contracts({ '0x1': functions })
    const { value } = await withNode(tinyNode(EMPTY_BLOCKS, { call }), (session) =>
      readNatures(session, samples, reader()),
    )
    expect(value).toEqual([expected])
  })
})
