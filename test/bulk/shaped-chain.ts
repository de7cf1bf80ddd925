/** Chains of final blocks of the most one-sided inputs, made as records while they are read. */

import type { PackedBlocks } from '../../src/bulk/raw-log/packed-blocks.ts'
import { HINT, TRANSFER } from '../../src/bulk/raw-log/record-layout.ts'
import type { TransferRange } from '../../src/chains/adapter.ts'
import type { Header } from '../../src/core/block.ts'
import { STANDARDS } from '../../src/core/standards.ts'
import { hashOf } from '../store/chains.ts'

/** Events of each block. */
const PER_BLOCK = 1_000
const ERC20 = STANDARDS.indexOf('erc20')
const NO_BYTES = Buffer.alloc(0)
/** An amount of 1, as encoded. */
const ONE = Buffer.from([0x81, 1])
const HASH = Buffer.alloc(32, 7)

/** The token and the account of each event, by its number. */
type Shape = {
  readonly token: (event: number) => number
  readonly account: (event: number) => number
  readonly type?: typeof HINT
}

/** The shapes: each event mints 1, or is a transfer that cannot be decoded. */
export const SHAPES = {
  'one account': { token: () => 1, account: () => 1 },
  'one token': { token: () => 1, account: (event) => event },
  'tokens of one account': { token: (event) => event, account: () => 1 },
  'tokens of many accounts': { token: (event) => event, account: (event) => event },
  'undecodable tokens': { token: (event) => event, account: () => 1, type: HINT },
} as const satisfies Readonly<Record<string, Shape>>
/** The name of a shape. */
export type ShapeName = keyof typeof SHAPES

/** A chain of so many events. */
export class ShapedChain {
  readonly head: Header
  readonly #shape: Shape
  readonly #events: number
  readonly #name = Buffer.alloc(20)
  readonly #account = Buffer.alloc(20)

  constructor(name: ShapeName, events: number) {
    this.#shape = SHAPES[name]
    this.#events = events
    this.head = headerOf(Math.ceil(events / PER_BLOCK))
  }

  async headers({ first, last }: { readonly first: number; readonly last: number }): Promise<readonly Header[]> {
    return Array.from({ length: last - first + 1 }, (_, at) => headerOf(first + at))
  }

  async packTransfers({ first, last }: Pick<TransferRange, 'first' | 'last'>, into: PackedBlocks): Promise<void> {
    for (let number = Math.max(1, first); number <= last; number++) {
      into.addBlock(headerOf(number))
      const end = Math.min(this.#events, number * PER_BLOCK)
      for (let event = (number - 1) * PER_BLOCK; event < end; event++) this.#pack(event, into)
    }
  }

  #pack(event: number, into: PackedBlocks): void {
    const { token, account: accountOf, type = TRANSFER } = this.#shape
    this.#name.writeUInt32BE(scattered(token(event)), 0)
    this.#account.writeUInt32BE(scattered(accountOf(event)), 0)
    const asset = into.assets.indexOfBytes(ERC20, this.#name)
    const account = this.#account
    if (type === HINT) into.putHint({ asset, account, item: NO_BYTES, reason: 'undecodable' })
    else {
      const transfer = { asset, event: event % PER_BLOCK, part: 0, from: NO_BYTES, to: account }
      into.putTransfer({ ...transfer, hash: HASH, item: NO_BYTES, amount: ONE })
    }
  }
}

/** A number for each number, in no visible order, as addresses are. */
function scattered(number: number): number {
  return Math.imul(number + 1, 0x9e37_79b1) >>> 0
}

function headerOf(number: number): Header {
  return { number, hash: hashOf(0, number), parentHash: hashOf(0, number - 1), timestamp: number * 12 }
}
