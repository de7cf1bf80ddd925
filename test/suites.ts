/**
 * Suites that run once for each engine of `store/engines.ts`, since they use stores, but are about something else (`ENGINE`,
 * `newPlace`), and those that leave an engine's full form to the long run (`isFull`). The first engine has all of them in
 * `npm test`, the others in `npm run test:long`. Not here: suites that have their full form on all engines in `npm test`, and those that say at
 * their top why they stay on one.
 */
export const ON_EACH_ENGINE = [
  'src/api/http/fuzz.test.ts',
  'src/balances/*.test.ts',
  'test/balances/*.test.ts',
  'test/conformance/{abc-labs,spacescan-store,tokenkit}*.test.ts',
  'test/crash/{chia-kill,follow-kill,kill,starknet-kill}.test.ts',
  'test/custody/{budget,paging}.test.ts',
  'test/e2e/!(custody|demo|exact|ledger-full|postgres-outage|reorg|roles).test.ts',
  'test/faults/{fault-run,run}*.test.ts',
  'test/indexer/*.test.ts',
  'test/ledger/{balances,model,queue,trail}*.test.ts',
  'test/odd/*.test.ts',
  'test/robust/{clock,deadline,killed-early,threads}.test.ts',
  'test/starknet/{decided-late,follow}.test.ts',
  'test/tokens/*.test.ts',
]

/** Those that run in `npm test` on each engine: short ones, which use different parts of a store. */
export const SHORT_ON_EACH_ENGINE = [
  'test/conformance/{abc-labs,spacescan-store,tokenkit-lists}.test.ts',
  'test/e2e/{audit,destroyed}.test.ts',
  'test/indexer/{hints,reorg}.test.ts',
  'test/tokens/price-history.test.ts',
]
