import { CommanderError } from 'commander'
import { withoutSecrets } from '../app/log.ts'
import { codeOf, isServiceError } from '../core/errors.ts'

/** Exit codes of a command. */
export const EXIT = { ok: 0, failed: 1, wrongUse: 2, stopped: 130 } as const

/** Ends a command that has already written its output. */
export class Ended extends Error {
  override readonly name = 'Ended'
  readonly code: number

  constructor(code: number) {
    super(`ended with ${code}`)
    this.code = code
  }
}

/** Wrong use of the command line. The message names the option, its value and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Where a command writes: answers to `out`, text for people to `err`. `ask` shows a question at the terminal and
 * resolves to the typed line without its line end, or to undefined when the input ends. `ask` itself is undefined if
 * nobody is at the terminal. `askSecrets` asks several questions in the same way and shows nothing of the answers; it
 * is undefined if standard input is no terminal. Then `readLine` reads the first line of standard input, or resolves to
 * undefined if it is empty.
 */
export type Terminal = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Width of the terminal behind `out`, in columns; undefined if `out` is not a terminal. */
  readonly columns?: number | undefined
  readonly ask?: (question: string) => Promise<string | undefined>
  readonly askSecrets?: (questions: readonly string[]) => Promise<readonly string[] | undefined>
  readonly readLine?: () => Promise<string | undefined>
}

/**
 * Runs a command and resolves to its exit code. A failure prints one clear line without URLs' secrets, and its stack
 * only if STEELYARD_DEBUG is set.
 */
export async function runToExit(work: () => Promise<void>, terminal: Terminal, debug: boolean): Promise<number> {
  try {
    await work()
    return EXIT.ok
  } catch (error) {
    if (error instanceof Ended) return error.code
    // Commander has already written its own line or the requested help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse
    terminal.err(`steelyard: ${withoutSecrets(describe(error, debug))}\n`)
    return error instanceof UsageError || isServiceError(error, 'CONFIG_INVALID') ? EXIT.wrongUse : EXIT.failed
  }
}

function describe(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `${String(error)} [${codeOf(error)}]`
  if (debug) return error.stack ?? error.message
  // For wrong use, the message already says what was expected, in one or more lines: a code would add nothing.
  const isPlain = error instanceof UsageError || isServiceError(error, 'CONFIG_INVALID')
  return isPlain ? error.message : `${error.message} [${codeOf(error)}]`
}
