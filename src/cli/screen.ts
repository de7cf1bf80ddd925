import { type LogSink, standardError } from '../app/log.ts'

/** What a bar is drawn with. */
export type Glyphs = { readonly full: string; readonly empty: string; readonly dot: string }

/** Standard error as lines are drawn on it. `columns` changes when a window does. */
export type Screen = { readonly sink: LogSink; readonly columns: () => number; readonly glyphs: Glyphs }

/** Width where a terminal does not tell its own. */
const USUAL_COLUMNS = 80

const UNICODE: Glyphs = { full: '█', empty: '░', dot: '·' }
const ASCII: Glyphs = { full: '#', empty: '-', dot: '|' }

/** Standard error; one that cannot move its cursor (`TERM=dumb`) is as good as none. */
export function errorScreen(env: Readonly<Record<string, string | undefined>> = process.env): Screen {
  const sink = standardError()
  return {
    sink: { ...sink, terminal: sink.terminal && env.TERM !== 'dumb' },
    columns: () => process.stderr.columns || USUAL_COLUMNS,
    glyphs: glyphsOf(env),
  }
}

/**
 * Blocks where the locale's characters are UTF-8, plain characters elsewhere. Blocks are of ambiguous width in Unicode's
 * tables, and two columns wide in Chinese, Japanese and Korean locales: plain there too.
 */
export function glyphsOf(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return /utf-?8/i.test(locale) && !/^(?:zh|ja|ko)/i.test(locale) ? UNICODE : ASCII
}
