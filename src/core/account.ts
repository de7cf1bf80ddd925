/**
 * How the accounts of a chain are stored: converts canonical text to bytes and back, without loss. The bytes sort as
 * the store needs. `zeroAddress`: the store keeps nothing of this account, because a transfer from it is a mint and a
 * transfer to it a burn. Undefined if the chain has none.
 */
export type AccountCodec = {
  readonly zeroAddress: string | undefined
  readonly encode: (address: string) => Buffer
  readonly decode: (bytes: Buffer) => string
}

/** The codec of `0x` + lower-case hex addresses: 20 bytes on EVM, 32 on Starknet. */
export const HEX_ACCOUNTS: AccountCodec = {
  zeroAddress: undefined,
  encode: (address) => Buffer.from(address.slice(2), 'hex'),
  decode: (bytes) => `0x${bytes.toString('hex')}`,
}

/** The codec of accounts that are opaque text, such as the ledger's. */
export const TEXT_ACCOUNTS: AccountCodec = {
  zeroAddress: undefined,
  encode: (address) => Buffer.from(address, 'utf8'),
  decode: (bytes) => bytes.toString('utf8'),
}

/** An account for reads that only need a contract's code, on chains without a zero address. */
export const ANYBODY = `0x${'1'.padStart(40, '0')}`
