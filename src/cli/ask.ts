import { createInterface } from 'node:readline/promises'

/**
 * Asks on standard error, so that standard output holds only answers. Resolves to undefined when Ctrl-D or Ctrl-C ends
 * the input.
 */
export async function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<undefined>((resolve) => {
    lines.once('close', () => resolve(undefined))
    lines.once('SIGINT', () => lines.close())
  })
  try {
    return await Promise.race([lines.question(question), ended])
  } finally {
    lines.close()
  }
}
