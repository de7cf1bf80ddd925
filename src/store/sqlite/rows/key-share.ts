/** Leading bytes of an account that give its share of the key range: as many as a number holds exactly. */
const SHARE_BYTES = 6
const SHARES = 2 ** (SHARE_BYTES * 8)

/** The position of an account's bytes in the range of all possible ones, from 0 to below 1. */
export function shareOf(account: Buffer): number {
  const head = Buffer.alloc(SHARE_BYTES)
  account.copy(head, 0, 0, SHARE_BYTES)
  return head.readUIntBE(0, SHARE_BYTES) / SHARES
}

/** Bytes that sort before all accounts from this share on, and after all accounts below it. */
export function keyAt(share: number): Buffer {
  const head = Buffer.alloc(SHARE_BYTES)
  head.writeUIntBE(Math.floor(share * SHARES), 0, SHARE_BYTES)
  return head
}
