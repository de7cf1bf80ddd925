import { defineConfig } from 'vitest/config'
import { SlowestFirst } from './test/slowest-first.ts'
import { SHORT_ON_EACH_ENGINE } from './test/suites.ts'

// Two workers: tests start real nodes and servers, and the machines that run them have two cores. Nothing is tried
// twice: a test that fails sometimes fails.
export default defineConfig({
  test: {
    globalSetup: ['test/postgres/shared-server.ts'],
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    environment: 'node',
    pool: 'forks',
    retry: 0,
    // Far more than any test needs: a machine that is busy with other things must not fail one.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: 'all', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'postgres', include: SHORT_ON_EACH_ENGINE, env: { TEST_ENGINE: 'postgres' } },
      },
    ],
  },
})
