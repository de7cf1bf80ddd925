import { keccak256, stringToBytes } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { EVENTS, FUNCTIONS, SRC5_ERC721 } from './selectors.ts'

/** Keccak-256 modulo 2^250, as a minimal felt. */
function snKeccak(text: string): bigint {
  return BigInt(keccak256(stringToBytes(text))) % 2n ** 250n
}

/** The functions of ERC-721 with the types of their parameters, as SNIP-5 writes them. */
const ERC721_SIGNATURES = [
  'balance_of(ContractAddress)->(u128,u128)',
  'owner_of((u128,u128))->ContractAddress',
  'transfer_from(ContractAddress,ContractAddress,(u128,u128))',
  'safe_transfer_from(ContractAddress,ContractAddress,(u128,u128),(@Array<felt252>))',
  'approve(ContractAddress,(u128,u128))',
  'set_approval_for_all(ContractAddress,E((),()))',
  'get_approved((u128,u128))->ContractAddress',
  'is_approved_for_all(ContractAddress,ContractAddress)->E((),())',
]

describe('selectors', () => {
  test.each(Object.entries({ ...EVENTS, ...FUNCTIONS }))('%s is sn_keccak of its name', (name, selector) => {
    expect(selector).toBe(`0x${snKeccak(name).toString(16)}`)
  })

  test('the SRC-5 id of ERC-721 is its signatures XORed', () => {
    const id = ERC721_SIGNATURES.map(snKeccak).reduce((sum, one) => sum ^ one)
    expect(SRC5_ERC721).toBe(`0x${id.toString(16)}`)
  })
})
