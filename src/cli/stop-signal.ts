import type { GroupMember } from '../app/group-member.ts'
import { EXIT } from './outcome.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A request to end this process. Call `release` when there is nothing left to stop. */
export type StopRequest = {
  readonly requested: Promise<void>
  readonly signal: AbortSignal
  readonly release: () => void
}

/**
 * Listens for Ctrl-C and SIGTERM. A second one ends the process at once: the next start repeats the work that was not
 * committed.
 */
export function listenForStop(): StopRequest {
  const stopping = new AbortController()
  const requested = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const listener = (): void => {
    if (stopping.signal.aborted) process.exit(EXIT.stopped)
    process.stderr.write('\nstopping; press Ctrl-C again to stop at once\n')
    stopping.abort()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return {
    requested,
    signal: stopping.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, listener)
    },
  }
}

/**
 * Listens for the end of a group, and for SIGTERM. Ctrl-C at a terminal reaches every process of the group, but only the one
 * that started the others decides.
 */
export function listenForGroup(member: GroupMember): StopRequest {
  const stopping = new AbortController()
  const stop = (): void => {
    if (stopping.signal.aborted) return
    member.leave()
    stopping.abort()
  }
  const requested = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const ignore = (): void => undefined
  process.on('SIGINT', ignore)
  process.on('SIGTERM', stop)
  void member.stopped.then(stop)
  return {
    requested,
    signal: stopping.signal,
    release: () => {
      process.off('SIGTERM', stop)
      member.release()
    },
  }
}
