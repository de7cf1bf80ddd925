/**
 * How the accounts of a chain are stored: canonical text to bytes and back, lossless. Bytes sort as the store likes.
 * `nobody`: the account that stands for nobody, so that nothing of it is kept: what comes from it is a mint, what goes to
 * it a burn. Undefined where the chain has none.
 */
export type AccountCodec = {
  readonly zeroAddress: string | undefined
  readonly encode: (address: string) => Buffer
  readonly decode: (bytes: Buffer) => string
}

/** The codec of `0x` + lower-case hex addresses: EVM's 20 bytes, Starknet's 32. */
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

/** Any account will do where only a contract's code matters, on chains where none stands for nobody. */
export const ANYBODY = `0x${'1'.padStart(40, '0')}`
