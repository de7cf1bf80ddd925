import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { startEvmUnderTest } from './evm-under-test.ts'
import { chainSuite } from './suite.ts'
import { CONTRACT_TRAITS } from './under-test.ts'

chainSuite({
  name: 'an EVM chain',
  usualFinality: 'finalized',
  traits: CONTRACT_TRAITS,
  start: startEvmUnderTest,
  createAdapter: (options) => createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }),
})
