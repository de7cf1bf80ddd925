import type { AccountCodec } from '../../core/account.ts'

/** Leading bytes of an account that give its share of the key range: as many as a number holds exactly. */
const SHARE_BYTES = 6
const SHARES = 2 ** (SHARE_BYTES * 8)

/** The part of the range of keys that accounts use. */
type Range = Pick<AccountCodec, 'span'>

/** The position of an account's bytes in the range of all possible ones, from 0 to 1. */
export function shareOf(account: Buffer, { span = 1 }: Range): number {
  const head = Buffer.alloc(SHARE_BYTES)
  account.copy(head, 0, 0, SHARE_BYTES)
  return Math.min(1, head.readUIntBE(0, SHARE_BYTES) / SHARES / span)
}

/** Bytes that sort before all accounts from this share (below 1) on, and after all accounts below it. */
export function keyAt(share: number, { span = 1 }: Range): Buffer {
  const head = Buffer.alloc(SHARE_BYTES)
  head.writeUIntBE(Math.floor(share * span * SHARES), 0, SHARE_BYTES)
  return head
}
