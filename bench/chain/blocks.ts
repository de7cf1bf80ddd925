import type { Header } from '../../src/core/block.ts'
import type { BlockTransfers } from '../../src/core/transfer.ts'
import type { Names } from '../expected.ts'
import { amountOf, type Generator, MINT } from './generator.ts'
import { createRenderer } from './render.ts'

/** A generated chain, with the names of its accounts and tokens. */
export type NamedChain = { readonly generator: Generator; readonly names: Names }

/** The blocks of a generated chain as an adapter decodes them. */
export function createBlocks(generator: Generator): (number: number) => BlockTransfers {
  const names = createRenderer(generator)
  return (number) => ({ ...generatedBlock({ generator, names }, number), parentHash: undefined })
}

/** A block of a generated chain, decoded without a node: its hashes are not those that a node would give. */
export function generatedBlock({ generator, names }: NamedChain, number: number): BlockTransfers & Header {
  const { start, end } = generator.span(number)
  const transfers = Array.from({ length: end - start }, (_, event) => {
    const movement = generator.movement(start + event)
    return {
      ...{ event, part: 0, item: '', transactionHash: `0x${(start + event).toString(16).padStart(64, 'a')}` },
      asset: { standard: 'erc20' as const, reference: names.tokenAddress(movement.token) },
      from: movement.from === MINT ? undefined : names.accountAddress(movement.from),
      to: names.accountAddress(movement.to),
      amount: amountOf(movement),
    }
  })
  return {
    number,
    hash: hashOf(number),
    parentHash: number === 0 ? '0x' : hashOf(number - 1),
    timestamp: 1_600_000_000 + 12 * number,
    transfers,
  }
}

function hashOf(number: number): string {
  return `0x${number.toString(16).padStart(64, '0')}`
}
