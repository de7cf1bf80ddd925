import type { AppConfig } from '../app/app-config.ts'
import { createLog } from '../app/log.ts'
import { MemberFailed, type MemberPlan, ProcessGroup } from '../app/process-group.ts'
import { Ended } from './outcome.ts'
import { errorScreen } from './screen.ts'
import { printServing } from './serve-until-stopped.ts'
import type { ServeWords } from './serve-words.ts'
import type { StopRequest } from './stop-signal.ts'

/** What a group is served with. `file`: the configuration as `--config` names it. */
export type GroupChoice = {
  readonly config: AppConfig
  readonly file: string | undefined
  readonly role: 'api' | 'indexer' | 'all'
  readonly workers: number
  readonly said: readonly string[]
  readonly words: ServeWords
  readonly stop: StopRequest
}

/** Serves with several processes until a stop is requested. */
export async function serveAsGroup(choice: GroupChoice): Promise<void> {
  const { config, said, stop, words } = choice
  const { sink } = errorScreen()
  const log = createLog({ level: config.log.level, sink })
  for (const sentence of said) log.info(sentence)
  const [, program = ''] = process.argv
  const group = new ProcessGroup({ members: plansOf(choice), program, log, listen: config.listen })
  try {
    const url = await Promise.race([group.start(), stop.requested])
    if (url !== undefined) printServing(url, { words, log, sink })
    await stop.requested
  } catch (error) {
    // The process itself has said why.
    throw error instanceof MemberFailed ? new Ended(error.code) : error
  } finally {
    await group.stop()
  }
  log.info('stopped')
}

/** The indexer comes first: it creates the store. */
function plansOf({ file, role, workers }: GroupChoice): readonly MemberPlan[] {
  const config = file === undefined ? [] : ['--config', file]
  const planOf = (name: string, as: 'api' | 'indexer'): MemberPlan => ({
    name,
    answers: as === 'api',
    args: ['serve', ...config, '--role', as, '--member', name],
  })
  const answering = Array.from({ length: workers }, (_, index) => planOf(`worker-${index + 1}`, 'api'))
  return role === 'all' ? [planOf('indexer', 'indexer'), ...answering] : answering
}
