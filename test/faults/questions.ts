import type { Draw } from '../../src/demo/draw.ts'
import type { Claim } from './claims.ts'

/** A call, and the claim that its answer makes. `read` returns undefined if the body does not have the call's form. */
export type Question = {
  /** The token or the as-of block of the call, which the server may reject if it does not exist. */
  readonly about?: { readonly token?: string; readonly block?: number }
  readonly name: string
  readonly path: string
  /** The body of a POST. Without one, the call is a GET. */
  readonly body?: object
  readonly read: (body: unknown) => Claim | undefined
}

/** What requests can be about at the moment. */
export type Subjects = {
  readonly accounts: readonly string[]
  /** ERC-20 contracts, including destroyed ones. */
  readonly tokens: readonly string[]
  /** Other contracts, and addresses without a contract. */
  readonly others: readonly string[]
  /** The newest block's number, and its time in Unix seconds. */
  readonly head: number
  readonly time: number
}

/** The questions of a dialect: the fault run asks a chain through one of them. */
export type Questions = {
  /** The server's configuration of dialects, for a chain with this CAIP-2 id. */
  readonly dialects: (chain: string) => object
  /** The header that carries the key. */
  readonly keyHeader: string
  /** Parses the text of an answer; absent: as JSON. */
  readonly parse?: (text: string) => unknown
  /** Statuses that honestly say that the answer is not known now. */
  readonly unknown: readonly number[]
  /** Draws one question by the seed. */
  readonly draw: (draw: Draw, subjects: Subjects) => Question
  /** Questions about all accounts and tokens, whose answers must be about the newest block. */
  readonly everything: (subjects: Subjects) => readonly Question[]
  /** A call whose answer shows whether the server reads a token's balances from nodes. */
  readonly accounting: (token: string, subjects: Subjects) => string
  readonly isRead: (answer: { readonly status: number; readonly asOf: string; readonly body: unknown }) => boolean
}

/** The rows of a list. Undefined if `data` is no list, or if a row is not of the expected form. */
export function rowsIn<T>(data: unknown, read: (row: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(data)) return undefined
  const rows = data.flatMap((row: unknown) => read(row) ?? [])
  return rows.length === data.length ? rows : undefined
}

/** An amount in base units, written as decimal text. */
export function amountOf(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? BigInt(value) : undefined
}

/** A field of an object; undefined if it has none of this name. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
