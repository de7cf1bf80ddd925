import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { startEvmUnderTest } from './evm-under-test.ts'
import { createPackedAdapter } from './packed-adapter.ts'
import { chainSuite } from './suite.ts'
import { CONTRACT_TRAITS } from './under-test.ts'

for (const [name, create] of [
  ['an EVM chain', createEvmAdapter],
  ['an EVM chain, read as a bulk load reads it', createPackedAdapter],
] as const) {
  chainSuite({
    name,
    usualFinality: 'finalized',
    traits: CONTRACT_TRAITS,
    start: startEvmUnderTest,
    createAdapter: (options) => create(options, { pauses: { baseMs: 0, maxMs: 0 } }),
  })
}
