import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { ZERO_ADDRESS } from './words/hex.ts'

const ADDRESS_BYTES = 20

/** EVM accounts as their 20 bytes. */
export const EVM_ACCOUNTS: AccountCodec = {
  zeroAddress: ZERO_ADDRESS,
  encode: (address) => {
    const bytes = Buffer.from(address.slice(2), 'hex')
    assert(bytes.length === ADDRESS_BYTES, 'an EVM account has 20 bytes')
    return bytes
  },
  decode: (bytes) => `0x${bytes.toString('hex')}`,
}
