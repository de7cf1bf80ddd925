import type { FastifyBaseLogger } from 'fastify'
import type { KeyVerifier } from '../../access/keys.ts'

/** Pause between two writes of when keys were used, in milliseconds: what "last used" may lack after a crash. */
const SAVE_MS = 10_000

/** Writes down every few seconds when keys were last used; a failure is said once, and answers go on. `stop` saves the rest. */
export function keepUses(keys: KeyVerifier, log: Pick<FastifyBaseLogger, 'warn'>): { stop(): Promise<void> } {
  let failed = false
  const save = async (): Promise<void> => {
    try {
      await keys.saveUses()
      failed = false
    } catch (error) {
      if (!failed) log.warn({ err: error }, 'cannot write down when API keys were used, will try again')
      failed = true
    }
  }
  const timer = setInterval(() => void save(), SAVE_MS)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await save()
    },
  }
}
