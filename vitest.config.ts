import { defineConfig } from 'vitest/config'
import { SlowestFirst } from './test/slowest-first.ts'

// Two workers: tests start real nodes and servers, and the machines that run them have two cores. Nothing is tried
// twice: a test that fails sometimes fails.
export default defineConfig({
  test: {
    environment: 'node',
    globalSetup: ['test/postgres/shared-server.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    retry: 0,
    // Far more than any test needs: a machine that is busy with other things must not fail one.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
