import { defineConfig } from 'vitest/config'

// What takes more than a minute: the full forms of tests that have a short form with a fixed seed in `npm test`. One at a
// time: each keeps both cores of a small machine busy.
export default defineConfig({
  test: {
    environment: 'node',
    env: { STEELYARD_LONG_TESTS: '1' },
    globalSetup: ['test/postgres/shared-server.ts'],
    include: ['test/**/*.long.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    retry: 0,
    // As in vitest.config.ts, whose suites run here too.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
