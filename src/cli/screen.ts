import { type LogSink, standardError } from '../app/log.ts'

/** The characters of a bar: what is done, what is half done, and what is left. */
export type Glyphs = { readonly full: string; readonly half: string; readonly empty: string; readonly dot: string }

/** Standard error as a place to draw lines. `columns` changes with the window. */
export type Screen = { readonly sink: LogSink; readonly columns: () => number; readonly glyphs: Glyphs }

/** Width where a terminal does not report its own. */
const USUAL_COLUMNS = 80

const UNICODE: Glyphs = { full: '█', half: '▒', empty: '░', dot: '·' }
const ASCII: Glyphs = { full: '#', half: '=', empty: '-', dot: '|' }

/** Standard error. A terminal that cannot move its cursor (`TERM=dumb`) counts as none. */
export function errorScreen(env: Readonly<Record<string, string | undefined>> = process.env): Screen {
  const sink = standardError()
  return {
    sink: { ...sink, terminal: sink.terminal && env.TERM !== 'dumb' },
    columns: () => process.stderr.columns || USUAL_COLUMNS,
    glyphs: glyphsOf(env),
  }
}

/**
 * Block characters if the locale uses UTF-8, else plain characters. Block characters have an ambiguous width in
 * Unicode, and are two columns wide in Chinese, Japanese and Korean locales: those get plain characters too.
 */
export function glyphsOf(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return /utf-?8/i.test(locale) && !/^(?:zh|ja|ko)/i.test(locale) ? UNICODE : ASCII
}
