import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTick } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HEX_ACCOUNTS } from '../core/account.ts'
import { type ChainId, parseChainId } from '../core/chain.ts'
import { SqliteStore } from '../store/sqlite/store.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const CHAIN = parseChainId('eip155:1') as ChainId
const address = (digit: string): string => `0x${digit.repeat(40)}`
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(address) as [string, string, string, string]

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-follow-'))
  const rpc = '["http://127.0.0.1:1"]'
  writeFileSync(
    join(folder, 'steelyard.yaml'),
    `store: sqlite:./data
chains:
  - { id: "eip155:1", rpc: ${rpc}, scope: { accounts: ["${A}"] }, followed_max: 3 }
  - { id: "eip155:10", rpc: ${rpc} }
  - { id: "chia:testnet11", rpc: ${rpc} }
`,
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The terminal's width; undefined: there is none. */
let columns: number | undefined
afterEach(() => {
  columns = undefined
})

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const terminal = {
    columns,
    out: (text: string) => {
      written.out += text
    },
    err: (text: string) => {
      written.err += text
    },
  }
  const work = async (): Promise<void> => {
    const config = join(folder, 'steelyard.yaml')
    await createProgram(terminal).parseAsync(['node', 'steelyard', ...args, '--config', config])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

test('accounts are requested once, in any usual form, up to the limit of the chain, and removed again', async () => {
  expect(await run('followed')).toEqual({
    code: 0,
    out: `CHAIN     ACCOUNT                                     SINCE       HISTORY\neip155:1  ${A}  configured  waiting\n`,
    err: '',
  })
  const followed = await run('follow', 'eip155:1', B.toUpperCase().replace('0X', '0x'), A, B)
  expect(followed).toEqual({
    code: 0,
    out: '',
    err: '2 accounts of eip155:1 followed. "steelyard followed" shows how far the history is.\n',
  })
  const full = await run('follow', 'eip155:1', C, D)
  expect([full.code, full.err]).toEqual([
    2,
    'steelyard: 1 of 2 accounts are followed: chains.followed_max of eip155:1 is 3\n',
  ])
  const lines = (await run('followed', '--json')).out.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    [A, B, C].map((account) => ({
      chain: 'eip155:1',
      account,
      configured: account === A,
      requested: account === A ? null : expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      followed: false,
      through: null,
      leaving: false,
      known_through: null,
      cut: false,
    })),
  )
  expect(await run('unfollow', 'eip155:1', B, D)).toEqual({
    code: 0,
    out: '',
    err: '1 account is no longer followed on eip155:1.\n',
  })
  expect((await run('followed')).out).not.toContain(B)
})

test('shows how far the history of each account is', async () => {
  await run('follow', 'eip155:1', B, C)
  const store = new SqliteStore({ folder: join(folder, 'data'), codecOf: () => HEX_ACCOUNTS })
  const journal = await store.openJournal(CHAIN, { scope: { type: 'accounts', accounts: [A, D] }, from: 0 })
  const headers = [0, 1].map((number) => {
    return { number, hash: `0x${String(number).padStart(64, '0')}`, parentHash: '0x', timestamp: number }
  })
  const [first, last] = headers
  if (first === undefined || last === undefined) throw new Error('there are two blocks')
  await journal.append({ first: 0, through: last, blocks: [], headers })
  await journal.followed.follow({ accounts: [B], first: 0, through: first, blocks: [], leads: 0 })
  await nextTick()
  await journal.close()
  await store.close()
  const { out } = await run('followed', 'eip155:1')
  const histories = out.split('\n').map((line) => [line.slice(10, 52).trim(), line.slice(66).trim()])
  expect(histories.slice(1, -1)).toEqual([
    [A, 'complete'],
    [B, 'through block 0'],
    [C, 'waiting'],
    [D, 'being deleted'],
  ])
})

test('a row fits the terminal, and addresses are whole where there is none', async () => {
  const chia = 'xch1a6cd558gqsz2hch5pt0l8mx7zhavf32q5lyde09zjtqcmkelr9ns59k0j8'
  await run('follow', 'chia:testnet11', chia)
  const whole = (await run('followed', 'chia:testnet11')).out
  expect(whole).toContain(`chia:testnet11  ${chia}  2`)
  columns = 80
  const lines = (await run('followed')).out.trimEnd().split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(lines.slice(1).map((line) => line.slice(16, 36))).toEqual([A, chia].map((text) => text.slice(0, 20)))
  expect(lines.every((line) => /HISTORY|waiting/.test(line))).toBe(true)
})

test('without accounts it says whether some can be added', async () => {
  const file = join(folder, 'steelyard.yaml')
  for (const [chain, words] of [
    ['id: "chia:testnet11"', 'No accounts are followed. "steelyard follow" adds some.\n'],
    ['id: "eip155:10"', 'No chain follows accounts: only one with "scope: { accounts: [...] }" does.\n'],
  ]) {
    writeFileSync(file, `store: sqlite:./data\nchains: [{ ${chain}, rpc: ["http://127.0.0.1:1"] }]\n`)
    expect(await run('followed')).toEqual({ code: 0, out: '', err: words })
  }
})

describe('wrong use is explained, and nothing is done', () => {
  test.each([
    [
      ['follow', 'eip155:2', B],
      'chain: got "eip155:2", expected one of eip155:1, eip155:10, chia:testnet11; did you mean "eip155:1"?',
    ],
    [
      ['follow', 'eip155:10', B],
      'chain: eip155:10 indexes all accounts: only a chain with "scope: { accounts: [...] }" follows accounts',
    ],
    [
      ['followed', 'eip155:10'],
      'chain: eip155:10 indexes all accounts: only a chain with "scope: { accounts: [...] }" follows accounts',
    ],
    [['followed', '\u001b[31m'], 'chain: got "\\u001b[31m", expected one of eip155:1, eip155:10, chia:testnet11'],
    [['follow', 'eip155:1', '0x12'], 'address: got "0x12", expected an address of eip155:1'],
    [['follow', 'eip155:1', address('0')], 'the zero address is no account'],
    [
      ['unfollow', 'eip155:1', B, A],
      `${A} is in the configuration (chains.scope.accounts): remove it there; nothing was done`,
    ],
  ])('%s', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', err: `steelyard: ${message}\n` })
  })

  test('an account that is not followed cannot be unfollowed', async () => {
    await run('follow', 'eip155:1', C)
    const { code, err } = await run('unfollow', 'eip155:1', B)
    expect([code, err]).toEqual([2, 'steelyard: none of these accounts of eip155:1 is followed\n'])
  })

  test('without a store nothing is followed', async () => {
    const { code, err } = await run('unfollow', 'eip155:1', B)
    expect([code, err.includes('there is no store')]).toEqual([1, true])
  })
})
