import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { displayWidth } from './display-width.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const SILENT = { out: () => undefined, err: () => undefined }

/** Every command with its parents' names; the program itself has no name. */
function commandsOf(command: Command, names: readonly string[] = []): readonly (readonly string[])[] {
  return [names, ...command.commands.flatMap((one) => commandsOf(one, [...names, one.name()]))]
}

async function run(args: readonly string[], columns?: number): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const terminal = {
    out: (text: string) => {
      written.out += text
    },
    err: (text: string) => {
      written.err += text
    },
    columns,
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', ...args])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

const commands = commandsOf(createProgram(SILENT))

test.each(commands)('help of "%s %s %s" fits 80 columns, has a description, and ends well', async (...names) => {
  for (const columns of [undefined, 80, 200]) {
    const { code, out } = await run([...names, '--help'], columns)
    expect(code).toBe(0)
    expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([])
  }
})

test.each<[string[], string]>([
  [['sevre'], 'Did you mean serve?'],
  [['verfy'], 'Did you mean verify?'],
  [['keys', 'lsit'], 'Did you mean list?'],
  [['users', 'disabel'], 'Did you mean disable?'],
  [['ledger', 'exprt'], 'Did you mean export?'],
  [['serve', '--confg', 'x'], 'Did you mean --config?'],
  [['config', 'chek'], 'Did you mean check?'],
])('%j is wrong use, and suggests the probable meaning', async (args, hint) => {
  const { code, out, err } = await run(args)
  expect([code, out, err]).toEqual([2, '', expect.stringContaining(hint)])
})

test.each([[[]], [['keys']], [['users']], [['ledger']], [['config']], [['ledger', 'register']]])(
  '%j alone is wrong use: its help goes to standard error',
  async (args) => {
    const { code, out, err } = await run(args)
    expect([code, out, err]).toEqual([2, '', expect.stringContaining('Usage: steelyard')])
  },
)
