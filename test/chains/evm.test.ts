import { createEvmAdapter } from '../../src/chains/evm/adapter.ts'
import { startEvmUnderTest } from './evm-under-test.ts'
import { chainSuite } from './suite.ts'

chainSuite({
  name: 'an EVM chain',
  usualFinality: 'finalized',
  start: startEvmUnderTest,
  createAdapter: (options) => createEvmAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }),
})
