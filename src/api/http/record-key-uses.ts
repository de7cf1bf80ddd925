import type { FastifyBaseLogger } from 'fastify'
import type { KeyVerifier } from '../../access/keys.ts'

/** Pause between two writes of the keys' last use, in milliseconds. A crash loses at most this much. */
const SAVE_MS = 10_000

/**
 * Saves every few seconds when keys were last used. A failure is logged once and does not affect requests. `stop` saves
 * the rest.
 */
export function recordKeyUses(keys: KeyVerifier, log: Pick<FastifyBaseLogger, 'warn'>): { stop(): Promise<void> } {
  let failed = false
  const save = async (): Promise<void> => {
    try {
      await keys.saveUses()
      failed = false
    } catch (error) {
      if (!failed) log.warn({ err: error }, 'cannot save when API keys were used, will try again')
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
