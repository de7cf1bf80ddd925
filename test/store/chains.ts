import fc from 'fast-check'
import { MAX_AMOUNT } from '../../src/core/amount.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import type { Header } from '../../src/core/block.ts'
import { isFungible } from '../../src/core/standards.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'

export const ACCOUNTS = Array.from({ length: 5 }, (_, index) => `0x${(index + 1).toString(16).padStart(40, '0')}`)
const contract = (digit: string): string => `0x${digit.repeat(40)}`
export const ASSETS = [
  { standard: 'erc20', reference: contract('a') },
  { standard: 'erc20', reference: contract('b') },
  { standard: 'erc721', reference: contract('c') },
  { standard: 'erc1155', reference: contract('d') },
  // One contract that emits both kinds of transfers is two assets.
  { standard: 'erc721', reference: contract('a') },
] as const satisfies readonly AssetRef[]

const side = fc.option(fc.constantFrom(...ACCOUNTS), { nil: undefined, freq: 4 })
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 1_000n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, MAX_AMOUNT, MAX_AMOUNT - 1n, 1n << 64n) },
)

/** A movement, valid or not: contracts can emit any events. */
const movement = fc.record({
  asset: fc.constantFrom(...ASSETS),
  from: side,
  to: side,
  amount,
  item: fc.integer({ min: 0, max: 3 }),
})
export type Movement = {
  asset: AssetRef
  from: string | undefined
  to: string | undefined
  amount: bigint
  item: number
}

/** The movements of one block. */
export const blockMovements = fc.array(movement, { maxLength: 6 })

/** A hash that shows its branch and number. */
export function hashOf(branch: number, number: number): string {
  return `0x${branch.toString(16).padStart(8, '0')}${number.toString(16).padStart(56, '0')}`
}

/** A block with the given header and movements. */
export function makeBlock(movements: readonly Movement[], header: Header): BlockTransfers {
  const transfers = movements.map(({ asset, from, to, amount, item }, index): Transfer => {
    const fungible = isFungible(asset.standard)
    return {
      event: index,
      part: asset.standard === 'erc1155' ? 1 : 0,
      asset,
      from,
      to,
      item: fungible ? '' : String(item),
      amount: asset.standard === 'erc721' ? 1n : amount,
      transactionHash: header.hash,
    }
  })
  return {
    number: header.number,
    hash: header.hash,
    parentHash: header.parentHash,
    timestamp: header.timestamp,
    transfers,
  }
}
