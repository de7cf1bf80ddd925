import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../core/account.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { SqliteStore } from '../store/sqlite/store.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
const OTHER = parseChainId('eip155:10') as ChainId
const COVERAGE = { scope: { type: 'all' }, from: 0 } as const

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-reset-'))
  file = join(folder, 'steelyard.yaml')
  const rpc = '["http://127.0.0.1:1"]'
  writeFileSync(
    file,
    `store: sqlite:./data\nchains: [{ id: "eip155:1", rpc: ${rpc} }, { id: "eip155:10", rpc: ${rpc} }, { id: "ledger:main" }]\n`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the command. `answer` is typed at the question; undefined: there is no terminal. */
async function reset(args: readonly string[], answer?: string): Promise<{ code: number; err: string; asked: string }> {
  const written = { err: '', asked: '' }
  const terminal = {
    out: () => undefined,
    err: (text: string) => {
      written.err += text
    },
  }
  const ask = async (question: string): Promise<string | undefined> => {
    written.asked += question
    return answer === 'EOF' ? undefined : answer
  }
  const seated = answer === undefined ? terminal : { ...terminal, ask }
  const work = async (): Promise<void> => {
    await createProgram(seated).parseAsync(['node', 'steelyard', 'reset', ...args, '--config', file])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

const data = (): string => join(folder, 'data')
const files = (): string[] => readdirSync(data()).filter((name) => name.endsWith('.db'))

test('if nothing was indexed, it says so, asks nothing and creates no store', async () => {
  for (const [args, answer] of [
    [['eip155:1', '--yes'], undefined],
    [['eip155:1'], 'yes'],
  ] as const) {
    const { code, err, asked } = await reset(args, answer)
    expect([code, asked]).toEqual([0, ''])
    expect(err).toBe(`Nothing of eip155:1 was indexed in sqlite:${data()}: there is nothing to delete.\n`)
  }
  expect(existsSync(data())).toBe(false)
})

test('after a yes, everything indexed and read of the chain is deleted; other chains and keys stay', async () => {
  const store = new SqliteStore({ folder: data(), codecOf: () => HEX_ACCOUNTS })
  const journals = [await store.openJournal(CHAIN, COVERAGE), await store.openJournal(OTHER, COVERAGE)]
  for (const chain of [CHAIN, OTHER]) await store.openReads(chain)
  expect(await reset(['eip155:1', '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('[LEASE_HELD]') })
  for (const journal of journals) await journal.close()
  await store.close()
  const all = files()

  expect(await reset(['eip155:1'])).toEqual({
    code: 2,
    err: 'steelyard: nothing was done: without a terminal to ask on, only --yes deletes the index of eip155:1\n',
    asked: '',
  })
  for (const answer of ['', 'n', 'y', 'eip155:1', 'EOF']) {
    const { code, err, asked } = await reset(['eip155:1'], answer)
    expect([code, err]).toEqual([1, 'Nothing was done.\n'])
    expect(asked).toBe(
      `Delete everything indexed of eip155:1 in sqlite:${data()}?\nThe next start indexes it again. Type yes to continue: `,
    )
  }
  expect(files()).toEqual(all)

  expect((await reset(['eip155:1'], ' Yes')).code).toBe(0)
  expect(files().sort()).toEqual(['eip155_10.db', 'eip155_10.reads.db', 'steelyard.db'])
  expect((await reset(['eip155:10', '--yes'])).code).toBe(0)
  expect(files()).toEqual(['steelyard.db'])
  expect((await reset(['eip155:10', '--yes'])).err).toContain('Nothing of eip155:10 was indexed')
})

test.each([
  ['eip155:2', 'got "eip155:2", expected one of eip155:1, eip155:10, ledger:main'],
  ['eip155-10', '; did you mean "eip155:10"?'],
  ['ledger:main', 'got "ledger:main", but its record exists only here'],
])('%s cannot be reset, and is wrong use', async (chain, words) => {
  expect(await reset([chain, '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining(words) })
})
