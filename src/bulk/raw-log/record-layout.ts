/**
 * The records of the raw log, little-endian. Each begins with its type, and has its length (u16) at `LENGTH_AT`:
 *
 *     block     type, bytes of hash, bytes of parent hash, -, -, -, length, number f64, timestamp f64, hash, parent hash
 *     transfer  type, bytes of from, to, transaction hash, item, amount, length, asset u32, event u32, part u32, then
 *               from, to, transaction hash, item, amount
 *     hint      type, bytes of account, item, reason, -, -, length, asset u32, then account, item
 *
 * A block's record stands before its transfers, and those before its hints. Accounts are encoded by the chain's codec,
 * hashes, items and amounts as the store encodes them. No bytes mean: no parent hash, a mint or a burn, no item. `asset`
 * is an index of the dictionary that the records belong to.
 */
export const BLOCK = 1
/** Type of a transfer's record. */
export const TRANSFER = 2
/** Type of a hint's record. */
export const HINT = 3
/**
 * Type of a record with a transfer's layout that is a note about a balance: one side changed by this amount, and no
 * transfer is known to say so. It becomes a hint or nothing before it is packed.
 */
export const NOTE = 4

/** Where a record's length is. */
export const LENGTH_AT = 6

/** Bytes before the variable part of a block's record, and where its numbers are. */
export const BLOCK_HEAD = 24
/** Where a block's number is. */
export const NUMBER_AT = 8
/** Where a block's timestamp is. */
export const TIMESTAMP_AT = 16

/** Bytes before the variable part of a transfer's record. */
export const TRANSFER_HEAD = 20
/** Where the asset's index is, in transfers and hints. */
export const ASSET_AT = 8
/** Where a transfer's event is. */
export const EVENT_AT = 12
/** Where a transfer's part is. */
export const PART_AT = 16

/** Bytes before the variable part of a hint's record. */
export const HINT_HEAD = 12
/** The reasons of hints, by their byte. */
export const REASONS = ['undecodable', 'moved'] as const

/** Most bytes of a record: its head and five parts of at most 255 bytes. */
export const MAX_RECORD = TRANSFER_HEAD + 5 * 255

/** Greatest event and part that a record can hold. */
export const MAX_PLACE = 0xffff_ffff
