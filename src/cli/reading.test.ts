import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-reading-'))
  file = join(folder, 'steelyard.yaml')
  const chains = 'chains: [{ id: "eip155:1", rpc: ["http://127.0.0.1:1"] }, { id: ledger:main }]'
  writeFileSync(file, `store: sqlite:./data\n${chains}\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const terminal = {
    out: (text: string) => {
      written.out += text
    },
    err: (text: string) => {
      written.err += text
    },
  }
  const work = async (): Promise<void> => {
    await createProgram(terminal).parseAsync(['node', 'steelyard', ...args, '--config', file])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

test.each([
  [['keys', 'list']],
  [['keys', 'revoke', 'AAAAAAAA']],
  [['tokens']],
  [['tokens', '--json']],
  [['verify']],
  [['ledger', 'verify']],
  [['ledger', 'export']],
])('%j creates no store if there is none, and fails', async (args) => {
  const { code, err } = await run(...args)
  expect(code).toBe(1)
  expect(err).toContain(`there is no store in ${join(folder, 'data')}: nothing was indexed there [STORE_MISSING]`)
  expect(existsSync(join(folder, 'data'))).toBe(false)
})

test('in a store with keys but without an index, verify proves nothing and fails, and creates no file', async () => {
  expect((await run('keys', 'create', '--name', 'a')).code).toBe(0)
  const before = readdirSync(join(folder, 'data'))
  const { code, out } = await run('verify')
  expect([code, out]).toEqual([1, expect.stringContaining('The store holds nothing to compare: nothing is proven.')])
  const json = await run('verify', '--json')
  expect([json.code, JSON.parse(json.out)]).toEqual([1, expect.objectContaining({ result: 'nothing', checked: 0 })])
  expect(await run('tokens')).toMatchObject({
    code: 0,
    err: expect.stringContaining('Nothing of eip155:1 is indexed yet.'),
  })
  expect(readdirSync(join(folder, 'data'))).toEqual(before)
})
