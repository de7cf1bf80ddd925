import { spawn } from 'node:child_process'
import type { BuildStep } from '../../src/bulk/build/build.ts'
import type { JournalStep } from '../../src/store/sqlite/write/journal-options.ts'
import type { StorePlace } from '../store/engines.ts'
import type { FilePoint } from './file-points.ts'

/** How a run of an indexer ends: it kills itself at a step of a write, it is killed after a time, or it finishes. */
export type Death =
  | { readonly step: JournalStep | BuildStep | FilePoint; readonly count: number }
  | { readonly afterMs: number }
  | 'natural'

/**
 * One run of an indexer in a process of its own, ended as `death` says. `script` gets the arguments, and then the step
 * and its count. Returns true if it was killed, false if it finished first.
 */
export function live(script: string, args: readonly string[], death: Death): Promise<boolean> {
  const named = typeof death === 'object' && 'step' in death ? [death.step, String(death.count)] : []
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args, ...named], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => {
      if (typeof death === 'object' && 'afterMs' in death) setTimeout(() => child.kill('SIGKILL'), death.afterMs)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(true)
      else if (code === 0) resolve(false)
      else reject(new Error(`the indexer ended with ${String(code ?? signal)}`))
    })
  })
}

/** As `live`, of a script whose first argument is the URL of a store. Another run can write there at once. */
export async function liveIn(
  { url, endLeases }: StorePlace,
  [script, ...args]: readonly [string, ...string[]],
  death: Death,
): Promise<boolean> {
  const isKilled = await live(script, [url, ...args], death)
  if (isKilled) await endLeases()
  return isKilled
}
