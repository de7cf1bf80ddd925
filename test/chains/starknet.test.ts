import { createStarknetAdapter } from '../../src/chains/starknet/adapter.ts'
import { startStarknetUnderTest } from './starknet-under-test.ts'
import { chainSuite } from './suite.ts'
import { CONTRACT_TRAITS } from './under-test.ts'

for (const spec of ['0.9.0', '0.10.2'] as const) {
  chainSuite({
    name: `a Starknet chain at version ${spec} of the specification`,
    usualFinality: 'l1_accepted',
    traits: CONTRACT_TRAITS,
    start: () => startStarknetUnderTest(spec),
    createAdapter: (options) => createStarknetAdapter(options, { pauses: { baseMs: 0, maxMs: 0 } }),
  })
}
