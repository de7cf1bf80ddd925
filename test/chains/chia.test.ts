import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { CHIA_TRAITS, startChiaUnderTest } from './chia-under-test.ts'
import { chainSuite } from './suite.ts'

chainSuite({
  name: 'a Chia chain',
  usualFinality: { confirmations: 32 },
  traits: CHIA_TRAITS,
  runsHere: hasSimulator(),
  start: startChiaUnderTest,
  createAdapter: (options) => createChiaAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }),
})
