import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { ZERO_ADDRESS } from './words/felt.ts'

const ADDRESS_BYTES = 32

/** Starknet accounts as 32 bytes. An address is below 2^251 of the 2^256 that they can hold. */
export const STARKNET_ACCOUNTS: AccountCodec = {
  zeroAddress: ZERO_ADDRESS,
  span: 2 ** -5,
  encode: (address) => {
    const bytes = Buffer.from(address.slice(2), 'hex')
    assert(bytes.length === ADDRESS_BYTES, 'a Starknet account has 32 bytes')
    return bytes
  },
  decode: (bytes) => `0x${bytes.toString('hex')}`,
}
