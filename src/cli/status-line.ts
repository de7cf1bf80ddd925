import type { LogSink } from '../app/log.ts'
import { cutToWidth, displayWidth } from './display-width.ts'
import type { Screen } from './screen.ts'

const CLEAR_LINE = '\r\u001b[2K'
const CLEAR_TO_END = '\u001b[J'

/**
 * One line at the bottom of a terminal, below the log lines, redrawn again and again. Does nothing without a terminal.
 * It is never wider than the terminal, so it never wraps. If the window gets narrower, clearing also removes the rows
 * into which the terminal wrapped the line.
 */
export class StatusLine {
  readonly #screen: Screen
  #text = ''

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** Where the log writes: above the line. */
  get sink(): LogSink {
    const { terminal, write } = this.#screen.sink
    return { terminal, write: (line) => write(this.#text === '' ? line : `${this.#erasing()}${line}${this.#text}`) }
  }

  /** The number of columns that a text may take. */
  get columns(): number {
    return Math.max(1, this.#screen.columns() - 1)
  }

  draw(text: string): void {
    const { terminal, write } = this.#screen.sink
    if (!terminal) return
    const erasing = this.#erasing()
    this.#text = cutToWidth(text, this.columns)
    write(erasing + this.#text)
  }

  clear(): void {
    if (this.#text !== '') this.#screen.sink.write(this.#erasing())
    this.#text = ''
  }

  #erasing(): string {
    const rows = Math.ceil(displayWidth(this.#text) / Math.max(1, this.#screen.columns()))
    return rows > 1 ? `\r\u001b[${rows - 1}A${CLEAR_TO_END}` : CLEAR_LINE
  }
}
