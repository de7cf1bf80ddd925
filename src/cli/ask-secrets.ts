import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { UsageError } from './outcome.ts'

/** Where questions are asked: the terminal's input, and the stream for people. */
export type Streams = { readonly input: Readable; readonly output: Writable }

/**
 * Asks each question at a terminal and resolves to the typed lines. What is typed or pasted is not shown. Resolves to
 * undefined when Ctrl-C or Ctrl-D ends the input.
 */
export async function askSecrets(
  questions: readonly string[],
  { input, output }: Streams,
): Promise<readonly string[] | undefined> {
  // The line editor writes what is typed to its output, so it gets one that shows nothing. One editor for all
  // questions, since several lines may be pasted at once.
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: hidden, terminal: true, historySize: 0 })
  lines.once('SIGINT', () => lines.close())
  const typed = lines[Symbol.asyncIterator]()
  const answers: string[] = []
  try {
    for (const question of questions) {
      output.write(question)
      const { done, value } = await typed.next()
      output.write('\n')
      if (done === true) return undefined
      answers.push(value)
    }
    return answers
  } finally {
    lines.close()
  }
}

/** Longest line to read, in bytes: more than any password. The rest is not read. */
const MAX_LINE_BYTES = 64 * 1024
const LINE_END = 10

/**
 * Reads the first line of a pipe or file, without its line end. Resolves to undefined if there is nothing to read.
 * @throws UsageError it is not UTF-8
 */
export async function readFirstLine(input: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of input) {
    const part = Buffer.from(chunk)
    chunks.push(part)
    bytes += part.length
    if (part.includes(LINE_END) || bytes > MAX_LINE_BYTES) break
  }
  if (bytes === 0) return undefined
  const all = Buffer.concat(chunks)
  const end = all.indexOf(LINE_END)
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(end === -1 ? all : all.subarray(0, end))
    return line.replace(/\r$/, '')
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError('standard input: expected one line of UTF-8 text')
    throw error
  }
}
