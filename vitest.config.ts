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
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
