import { CommanderError } from 'commander'
import { withoutSecrets } from '../app/log.ts'
import { codeOf, isServiceError } from '../core/errors.ts'

/** How a command ends, for whoever called it. */
export const EXIT = { ok: 0, failed: 1, wrongUse: 2, stopped: 130 } as const

/** The end of a command that has said all there is to say. */
export class Ended extends Error {
  override readonly name = 'Ended'
  readonly code: number

  constructor(code: number) {
    super(`ended with ${code}`)
    this.code = code
  }
}

/** Wrong use of the command line: the message names the option, its value and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Where a command writes: answers on `out`, words for people on `err`. `ask` puts a question to whoever sits at the
 * terminal and gives the line that is typed, without its end, or undefined where the input ends; it is undefined itself
 * where nobody sits there.
 */
export type Terminal = {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Width of the terminal that `out` is; undefined where it is none. */
  readonly columns?: number | undefined
  readonly ask?: (question: string) => Promise<string | undefined>
}

/**
 * Runs a command to its end and gives its exit code. A failure is one clear line, without URLs' secrets; its stack only
 * where STEELYARD_DEBUG is set.
 */
export async function runToExit(work: () => Promise<void>, terminal: Terminal, debug: boolean): Promise<number> {
  try {
    await work()
    return EXIT.ok
  } catch (error) {
    if (error instanceof Ended) return error.code
    // Commander has written its own line, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.wrongUse
    terminal.err(`steelyard: ${withoutSecrets(describe(error, debug))}\n`)
    return error instanceof UsageError || isServiceError(error, 'CONFIG_INVALID') ? EXIT.wrongUse : EXIT.failed
  }
}

function describe(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `${String(error)} [${codeOf(error)}]`
  if (debug) return error.stack ?? error.message
  // Wrong use says what was expected, in as many lines as it takes: a code would tell nobody more.
  const isPlain = error instanceof UsageError || isServiceError(error, 'CONFIG_INVALID')
  return isPlain ? error.message : `${error.message} [${codeOf(error)}]`
}
