/**
 * How the accounts of a chain are stored: converts canonical text to bytes and back, without loss. The bytes sort as
 * the store needs. `zeroAddress`: the store keeps nothing of this account, because a transfer from it is a mint and a
 * transfer to it a burn. Undefined if the chain has none. `span`: accounts use the keys from the lowest up to this share
 * of all, spread evenly; 1 if not given. A random account is found by it.
 */
export type AccountCodec = {
  readonly zeroAddress: string | undefined
  readonly span?: number
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
