import { defineConfig } from 'vitest/config'
import { ON_EACH_ENGINE } from './test/suites.ts'

// What takes more than a minute: the full forms of tests that have a short form with a fixed seed in `npm test`, and suites on
// another engine than the first. One at a time: each keeps both cores of a small machine busy.
export default defineConfig({
  test: {
    globalSetup: ['test/postgres/shared-server.ts'],
    maxWorkers: 1,
    fileParallelism: false,
    environment: 'node',
    env: { LONG_TESTS: '1' },
    pool: 'forks',
    retry: 0,
    // As in vitest.config.ts, whose suites run here too.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: 'long', include: ['test/**/*.long.ts'] } },
      { extends: true, test: { name: 'postgres', include: ON_EACH_ENGINE, env: { TEST_ENGINE: 'postgres' } } },
    ],
  },
})
