#!/usr/bin/env node
import { ask } from './ask.ts'
import { askSecrets, readFirstLine } from './ask-secrets.ts'
import { runToExit, type Terminal } from './outcome.ts'
import { createProgram } from './program.ts'

// A closed pipe (steelyard --help | head -1) is not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const isTyped = process.stdin.isTTY === true
const isAttended = isTyped && process.stderr.isTTY === true
const streams = { input: process.stdin, output: process.stderr }
const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  columns: process.stdout.isTTY === true ? process.stdout.columns : undefined,
  ...(isAttended ? { ask } : {}),
  ...(isTyped
    ? { askSecrets: (questions) => askSecrets(questions, streams) }
    : { readLine: () => readFirstLine(process.stdin) }),
}
const debug = (process.env.STEELYARD_DEBUG ?? '') !== ''
process.exitCode = await runToExit(
  async () => {
    await createProgram(terminal).parseAsync(process.argv)
  },
  terminal,
  debug,
)
