/** Tells whose changes are kept. */
export type AccountFilter = (buffer: Buffer, at: number, length: number) => boolean

/** Keeps all accounts but the zero address, or of these only the given ones. All are as stored. */
export function accountFilter(zeroAddress: Buffer | undefined, accounts: readonly Buffer[] | undefined): AccountFilter {
  const isZero = (buffer: Buffer, at: number, length: number): boolean =>
    zeroAddress !== undefined &&
    length === zeroAddress.length &&
    buffer[at] === zeroAddress[0] &&
    buffer.compare(zeroAddress, 0, length, at, at + length) === 0
  if (accounts === undefined) return (buffer, at, length) => !isZero(buffer, at, length)
  const kept = new Set(accounts.map((account) => account.toString('latin1')))
  return (buffer, at, length) => kept.has(buffer.toString('latin1', at, at + length)) && !isZero(buffer, at, length)
}
