/**
 * One PostgreSQL server for all test files of a run: the one that STEELYARD_TEST_POSTGRES names, or one of its own. Vitest's main
 * process starts that when a test file first asks for it, so runs without such tests don't wait for it, and ends it with the run.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { PostgresServer } from './server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Unix socket that answers each connection with the URL of the shared server. */
    postgresSocket: string
  }
}

/** Called by vitest before the run. Returns what it calls after the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-shared-postgres-'))
  const path = join(folder, 'socket')
  const given = process.env.STEELYARD_TEST_POSTGRES
  // What the tests run would take it for a key of its configuration.
  delete process.env.STEELYARD_TEST_POSTGRES
  let started: Promise<Pick<PostgresServer, 'url' | 'stop'>> | undefined
  if (given !== undefined && given !== '') started = Promise.resolve({ url: given, stop: async () => undefined })
  const sockets = createServer((socket) => {
    socket.on('error', () => undefined)
    started ??= PostgresServer.create()
    started.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    )
  })
  await new Promise<void>((resolve) => sockets.listen(path, resolve))
  project.provide('postgresSocket', path)
  return async () => {
    sockets.close()
    const server = await started?.catch(() => undefined)
    await server?.stop()
    rmSync(folder, { recursive: true })
  }
}
