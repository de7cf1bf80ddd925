import { EXIT } from './outcome.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** That somebody wants this process to end. Call `release` when there is nothing left to stop. */
export type StopRequest = {
  readonly requested: Promise<void>
  readonly signal: AbortSignal
  readonly release: () => void
}

/**
 * Listens for Ctrl-C and the like. A second one ends the process at once: what was not committed is done again at the
 * next start.
 */
export function listenForStop(): StopRequest {
  const stopping = new AbortController()
  const requested = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const listener = (): void => {
    if (stopping.signal.aborted) process.exit(EXIT.stopped)
    process.stderr.write('\nstopping; once more to stop at once\n')
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
