import { writeSync } from 'node:fs'
import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino } from 'pino'
import { isRecord } from '../core/is-record.ts'
import type { LogLevel } from '../core/log-level.ts'
import { withoutUrls } from '../core/url.ts'
import { LineLimiter } from './log-limit.ts'

/** The only logger: `log.info({ chain }, 'words')`. It cuts every URL to scheme and host. */
export type Logger = PinoLogger

/** Where log lines go. `terminal`: short readable lines instead of JSON. */
export type LogSink = { readonly terminal: boolean; readonly write: (line: string) => void }

/** Standard error, with readable lines on a terminal. A closed pipe (EPIPE) is not an error. */
export function standardError(): LogSink {
  return {
    terminal: process.stderr.isTTY === true,
    write: (line) => {
      try {
        writeAll(line)
      } catch {
        // The log has no reader left: the server continues.
      }
    },
  }
}

// Writes synchronously, so that the last line before a crash is not lost. If the pipe is full (EAGAIN), tries again.
function writeAll(line: string): void {
  const bytes = Buffer.from(line)
  let done = 0
  while (done < bytes.length) {
    try {
      done += writeSync(2, bytes, done)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}

/**
 * Text with every URL cut to scheme and host, because a URL may contain secrets. Positions in our own code stay
 * readable.
 */
export function withoutSecrets(text: string): string {
  return withoutUrls(text.replaceAll('file:///', '/'))
}

/** The settings of the log. */
export type LogOptions = {
  readonly level: LogLevel
  readonly sink: LogSink
  /** The process in a group of several: a field of every line. */
  readonly member?: string | undefined
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number
}

/**
 * A logger that writes redacted lines to the sink: JSON, or `12:00:00 warn words key=value` on a terminal. Limits
 * repeated warnings and errors.
 */
export function createLog({ level, sink, member, now = () => performance.now() }: LogOptions): Logger {
  const limiter = new LineLimiter(now)
  const stream: DestinationStream = {
    write: (line) => sink.write(withoutSecrets(sink.terminal ? readable(line) : line)),
  }
  const hooks = { logMethod: limited(limiter) }
  const base = member === undefined ? null : { member }
  return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime, hooks }, stream)
}

/** Pino's number for the level `warn`. */
const WARN = 40

type LogMethodHook = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>

/** Leaves out repeated lines. Our calls are `(fields, words)` or `(words)`. */
function limited(limiter: LineLimiter): LogMethodHook {
  return function (args, method, level) {
    if (level < WARN) {
      method.apply(this, args)
      return
    }
    const [first, second] = args as readonly unknown[]
    const [fields, words] = isRecord(first) ? [first, second] : [{}, first]
    const admission = limiter.admit(String(words ?? ''), fields)
    if (admission.write) method.call(this, { ...fields, ...admission.say }, String(words ?? ''))
  }
}

const HIDDEN_KEYS = new Set(['level', 'time', 'msg', 'err'])

/** A JSON log line as a short line for people. Any other line is returned unchanged. */
export function readable(line: string): string {
  const entry = parseEntry(line)
  if (entry === undefined) return line
  const level = pino.levels.labels[Number(entry.level)] ?? 'info'
  const time = typeof entry.time === 'string' ? entry.time.slice(11, 19) : ''
  const error = entry.err
  const reason = isRecord(error) && typeof error.message === 'string' ? `: ${error.message}` : ''
  const fields = Object.entries(entry)
    .filter(([key]) => !HIDDEN_KEYS.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
  return `${time} ${level.padEnd(5)} ${String(entry.msg ?? '')}${reason}${fields}\n`
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
