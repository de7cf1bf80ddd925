import { type Remote, startRemote } from '../../../src/demo/chia/commands.ts'
import type { WorldOptions } from '../../../src/demo/chia/world.ts'
import type { TestWorld } from './test-world.ts'

/** A simulated chain in a process of its own. */
export type Simulated = Remote<TestWorld>

/** Starts a simulated chain for tests in a process of its own, since a wrong native argument can end a process. */
export function startTestWorld(options: Partial<WorldOptions> = {}): Promise<Simulated> {
  const full: WorldOptions = { seed: 1, timestamp: 1_763_887_000, funded: 9, ...options }
  return startRemote<TestWorld>(new URL('./process.ts', import.meta.url), full)
}
