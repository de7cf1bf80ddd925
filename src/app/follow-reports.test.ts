import { pino } from 'pino'
import { test } from 'vitest'
import { followReports } from './follow-reports.ts'

test('ends without an error when its signal fires while it reads', async () => {
  const stopping = new AbortController()
  const reports = {
    all: async () => {
      stopping.abort()
      return new Map()
    },
    put: async () => undefined,
  }
  await followReports({ chains: [], reports, log: pino({ level: 'silent' }) }, stopping.signal)
})
