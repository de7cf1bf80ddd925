import type { AccountCodec } from '../../core/account.ts'
import { assert } from '../../core/assert.ts'
import { addressOf, puzzleHashOf } from './words/address.ts'

const ACCOUNT_BYTES = 32

/** Chia accounts as the 32 bytes of their puzzle hash. */
export const CHIA_ACCOUNTS: AccountCodec = {
  zeroAddress: undefined,
  span: 1,
  encode: (address) => {
    const bytes = Buffer.from(puzzleHashOf(address), 'hex')
    assert(bytes.length === ACCOUNT_BYTES, 'a Chia account has 32 bytes')
    return bytes
  },
  decode: (bytes) => addressOf(bytes.toString('hex')),
}
