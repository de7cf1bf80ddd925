import { expect, test } from 'vitest'
import { parseAddress, parseHash } from '../../../chains/evm/words/hex.ts'
import { parseHash as parseStarknetHash } from '../../../chains/starknet/words/felt.ts'
import { accountParameter, addressParameter, canonicalAddress, canonicalHash } from './addresses.ts'

const zeroAddress = `0x${'0'.repeat(40)}`
const EVM = { parseAddress, zeroAddress }
const FULL = `0x${'a1'.repeat(20)}`

test.each([
  [FULL, FULL],
  [FULL.toUpperCase(), FULL],
  [`0x${'a1'.repeat(20).padStart(64, '0')}`, FULL],
  ['0x1', `0x${'1'.padStart(40, '0')}`],
  ['0x00', zeroAddress],
  ['0x', undefined],
  ['1', undefined],
  [`0x1${'0'.repeat(40)}`, undefined],
  [`0x${'a1'.repeat(20).padStart(65, '0')}`, undefined],
  [`0x${'0'.repeat(255)}1`, undefined],
  [`0x${'0'.repeat(2_000)}`, undefined],
  [` ${FULL}`, undefined],
  [`${FULL}\n`, undefined],
])('%s is %s', (text, address) => {
  expect(canonicalAddress(text, EVM)).toBe(address)
})

test('a Starknet address has 64 digits', () => {
  const STARKNET = /^0x0[0-9a-f]{63}$/i
  const starknet = { parseAddress: (text: string) => (STARKNET.test(text) ? text.toLowerCase() : undefined) }
  expect(canonicalAddress('0X53C9', starknet)).toBe(`0x${'53c9'.padStart(64, '0')}`)
  expect(canonicalAddress(`0x0${'a'.repeat(63)}`, starknet)).toBe(`0x0${'a'.repeat(63)}`)
  expect(canonicalAddress(`0x00${'a'.repeat(63)}`, starknet)).toBeUndefined()
})

test('the zero address is an address, but no account with lists', () => {
  expect(addressParameter('token', '0x0', EVM)).toBe(zeroAddress)
  expect(() => accountParameter('account', '0x0', EVM)).toThrow(/^account: The zero address has no lists\./)
  expect(accountParameter('account', '0x0', { ...EVM, zeroAddress: undefined })).toBe(zeroAddress)
})

test.each([
  ['0X0A1', `0x${'a1'.padStart(64, '0')}`, '0xa1'],
  [`0x${'a1'.padStart(64, '0')}`, `0x${'a1'.padStart(64, '0')}`, '0xa1'],
  [`0x${'f'.repeat(64)}`, `0x${'f'.repeat(64)}`, undefined],
  [`0x${'1'.repeat(65)}`, undefined, undefined],
  ['a1', undefined, undefined],
  ['0x', undefined, undefined],
])('hash %s is %s on an EVM chain and %s on Starknet', (text, evm, starknet) => {
  expect(canonicalHash(text, { parseHash })).toBe(evm)
  expect(canonicalHash(text, { parseHash: parseStarknetHash })).toBe(starknet)
})
