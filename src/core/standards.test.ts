import { expect, test } from 'vitest'
import { fixedClasses } from './asset.ts'
import { isReadable } from './balance.ts'
import { parseChainId } from './chain.ts'
import { COMPARED_STANDARDS, STANDARD_RULES, STANDARDS, standardOf, TOKEN_STANDARDS } from './standards.ts'

test('the list of standards has each row of the table once', () => {
  expect([...STANDARDS].sort()).toEqual(Object.keys(STANDARD_RULES).sort())
})

test('each standard has a CAIP-19 namespace of its own', () => {
  for (const standard of STANDARDS) expect(standardOf(STANDARD_RULES[standard].caip19)).toBe(standard)
  expect(standardOf('native')).toBeUndefined()
})

test('all standards but the native are those of tokens, and one has a supply that proves something', () => {
  expect(TOKEN_STANDARDS).toEqual(['erc20', 'erc721', 'erc1155', 'cat', 'ledger'])
  expect(COMPARED_STANDARDS).toEqual(['erc20'])
})

test('only the sum of an account has no call, and only for a standard without one', () => {
  const readable = (standard: 'erc721' | 'erc1155', item: string): boolean =>
    isReadable({ asset: { standard, reference: '0x1' }, item })
  expect([readable('erc721', ''), readable('erc721', '1')]).toEqual([true, true])
  expect([readable('erc1155', ''), readable('erc1155', '1')]).toEqual([false, true])
})

test('tokens that a kind ships as known by reads are so, unless the configuration says otherwise', () => {
  const chain = parseChainId('starknet:SN_MAIN') ?? expect.fail()
  const [one, two, three] = ['0x1', '0x2', '0x3'].map((reference) => ({ standard: 'erc20', reference }) as const)
  const configured = [
    [{ chain, asset: two ?? expect.fail() }, 'events'],
    [{ chain, asset: three ?? expect.fail() }, 'reads'],
  ] as const
  expect(fixedClasses(configured, chain, [one ?? expect.fail(), two ?? expect.fail()])).toEqual(
    new Map([
      ['erc20:0x1', 'reads'],
      ['erc20:0x2', 'events'],
      ['erc20:0x3', 'reads'],
    ]),
  )
})
