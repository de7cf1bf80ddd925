import type { BlockTransfers } from '../../src/core/transfer.ts'
import { amountOf, type Generator, MINT } from './generator.ts'
import { createRenderer } from './render.ts'

/** The blocks of a generated chain as an adapter decodes them. */
export function createBlocks(generator: Generator): (number: number) => BlockTransfers {
  const names = createRenderer(generator)
  return (number) => {
    const { start, end } = generator.span(number)
    const transfers = Array.from({ length: end - start }, (_, event) => {
      const movement = generator.movement(start + event)
      return {
        ...{ event, part: 0, item: '', transactionHash: hashOf(start + event, 'a') },
        asset: { standard: 'erc20' as const, reference: names.tokenAddress(movement.token) },
        from: movement.from === MINT ? undefined : names.accountAddress(movement.from),
        to: names.accountAddress(movement.to),
        amount: amountOf(movement),
      }
    })
    const timestamp = 1_600_000_000 + 12 * number
    return { number, hash: hashOf(number, '0'), parentHash: undefined, timestamp, transfers }
  }
}

function hashOf(number: number, filler: string): string {
  return `0x${number.toString(16).padStart(64, filler)}`
}
