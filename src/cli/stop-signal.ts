import { EXIT } from './outcome.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Listens for Ctrl-C and the like. `requested` fires once one came; a second one ends the process at once, with what it
 * was doing undone at the next start. Call `release` when there is nothing left to stop.
 */
export function listenForStop(words: (text: string) => void): {
  readonly requested: Promise<void>
  readonly release: () => void
} {
  let asked = false
  let fire: () => void = () => {}
  const requested = new Promise<void>((resolve) => {
    fire = resolve
  })
  const listener = (): void => {
    if (asked) process.exit(EXIT.forced)
    asked = true
    words('\nstopping; once more to stop at once\n')
    fire()
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return {
    requested,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, listener)
    },
  }
}
