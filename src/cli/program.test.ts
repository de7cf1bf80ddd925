import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAppConfig } from '../app/app-config.ts'
import { effectiveConfig } from './effective-config.ts'
import { parseExpiry } from './expiry.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-cli-'))
  file = join(folder, 'steelyard.yaml')
  writeFileSync(file, 'store: sqlite:./data\nchains: [{ id: "eip155:1", rpc: ["http://127.0.0.1:1/v3/SECRET"] }]\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a command line in this process. Returns its exit code and its output. */
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
    await createProgram(terminal).parseAsync(['node', 'steelyard', ...args])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

describe('every failure has a code', () => {
  const failing = async (error: unknown): Promise<string> => {
    let said = ''
    const terminal = {
      out: () => undefined,
      err: (text: string) => {
        said += text
      },
    }
    await runToExit(() => Promise.reject(error), terminal, false)
    return said
  }

  test('a store that the system refuses', async () => {
    writeFileSync(join(folder, 'taken'), '')
    writeFileSync(join(folder, 'taken.yaml'), 'store: sqlite:./taken\nchains: []\n')
    const { code, err } = await run('keys', 'list', '-c', join(folder, 'taken.yaml'))
    expect([code, err]).toEqual([1, expect.stringMatching(/^steelyard: store: E[A-Z]+: .* \[STORE_UNAVAILABLE\]\n$/)])
  })

  test.each(['nowhere', 'ftp://127.0.0.1/x', '127.0.0.1:8545', 'http://'])('--rpc %s is wrong use', async (url) => {
    const { code, err } = await run('verify', '-c', file, '--rpc', url)
    expect([code, err]).toEqual([2, expect.stringContaining('--rpc: got ')])
    expect(err).toContain('expected an http:// or https:// URL')
  })

  test('another refusal of the system, and a bug', async () => {
    const system = Object.assign(new Error("EACCES: permission denied, open '/x'"), { code: 'EACCES', syscall: 'open' })
    expect(await failing(system)).toBe("steelyard: EACCES: permission denied, open '/x' [SYSTEM_REFUSED]\n")
    expect(await failing(new TypeError('Invalid URL'))).toBe('steelyard: Invalid URL [INTERNAL]\n')
    expect(await failing('thrown text')).toBe('steelyard: thrown text [INTERNAL]\n')
  })
})

describe('the command line', () => {
  test.each([['--help'], ['serve', '--help'], ['demo', '--help'], ['keys', 'create', '--help'], ['--version']])(
    '%s %s %s is not a failure',
    async (...args) => {
      expect((await run(...args)).code).toBe(0)
    },
  )

  test('help shows exit codes, the environment and the first commands', async () => {
    const { out } = await run('--help')
    expect(out).toContain('$ steelyard demo')
    expect(out).toContain('STEELYARD_<KEY>')
    expect(out).toMatch(/\b2 +wrong use or wrong configuration/)
  })

  test.each<[string, string[], string]>([
    ['an unknown command', ['sevre'], "unknown command 'sevre'"],
    ['an unknown option', ['serve', '-c', 'x', '--prot', '1'], "unknown option '--prot'"],
    ['a bad port', ['demo', '--port', '70000'], 'expected a port from 0 to 65535'],
    ['a missing configuration', ['serve', '-c', '/nowhere.yaml'], 'expected a file that can be read (ENOENT)'],
    ['an invalid scope', ['keys', 'create', '-c', 'x', '--name', 'a', '--scope', 'root'], 'got "root", expected read'],
    [
      'a past expiry',
      ['keys', 'create', '-c', 'x', '--name', 'a', '--expires', '2001-01-01'],
      'expected a future date',
    ],
    ['a bad address', ['keys', 'create', '-c', 'x', '--name', 'a', '--ip', '300.0.0.1'], '--ip: got "300.0.0.1"'],
    [
      'a bad origin',
      ['keys', 'create', '-c', 'x', '--name', 'a', '--origin', 'a.example'],
      '--origin: got "a.example"',
    ],
  ])('%s is wrong use: exit code 2 and a line about it', async (_, args, words) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(words)
    expect(err).not.toMatch(/\n\s+at /)
  })
})

describe('keys', () => {
  test('created, listed, revoked; the key appears only on standard output', async () => {
    const made = await run(
      'keys',
      'create',
      '-c',
      file,
      '--name',
      'portfolio',
      '--scope',
      'read,write',
      '--expires',
      '90d',
    )
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^[0-9A-Za-z]{8}\.[0-9A-Za-z]{32,}\n$/)
    const [id = '', secret = ''] = made.out.trim().split('.')
    expect(made.err).not.toContain(secret)
    expect((await run('keys', 'revoke', id, '-c', file)).code).toBe(0)
    expect((await run('keys', 'list', '-c', file)).out).toContain(`${id}  portfolio  default    read,write  revoked`)
    const data = join(folder, 'data')
    for (const name of readdirSync(data)) expect(readFileSync(join(data, name)).includes(secret)).toBe(false)
  })

  test('an unknown key to revoke', async () => {
    expect(await run('keys', 'revoke', 'AAAAAAAA', '-c', file)).toMatchObject({ code: 2 })
  })
})

describe('config check', () => {
  test('prints what takes effect, without secrets, with the keys of the file', async () => {
    const { code, out } = await run('config', 'check', '-c', file)
    expect(code).toBe(0)
    expect(out).toContain('http://127.0.0.1:1/…')
    expect(out).not.toContain('SECRET')
    expect(out).toContain('demo_key: false')
  })

  test.each<[string, string]>([
    ['an empty file', ''],
    ['no chains', 'store: sqlite:./data\nchains: []\n'],
  ])('%s is invalid, with a hint at init; URLs in the text stay complete', async (_, text) => {
    const other = join(folder, 'chainless.yaml')
    writeFileSync(other, text)
    for (const command of [['config', 'check'], ['serve'], ['verify'], ['tokens']]) {
      const { code, out, err } = await run(...command, '-c', other)
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('such as [{ id: "eip155:1", rpc: ["http://127.0.0.1:8545"] }]; "steelyard init" writes')
    }
  })

  test('it also reads the token lists', async () => {
    const other = join(folder, 'lists.yaml')
    writeFileSync(other, 'chains: [{ id: ledger:main }]\ntokens: { lists: [./nowhere.json] }\n')
    const { code, err } = await run('config', 'check', '-c', other)
    expect(code).toBe(2)
    expect(err).toContain(`tokens.lists: ${join(folder, 'nowhere.json')} cannot be read`)
  })

  test('the output is a configuration with the same meaning', () => {
    const text = `{ chains: [{ id: "eip155:1", rpc: [http://a], scope: { accounts: [0x${'a'.repeat(40)}] }, poll_ms: 100 }],
      tokens: { accounting: { "eip155:1/erc20:0x${'b'.repeat(40)}": reads } }, prices: { static: { "eip155:1/slip44:60": 3000.10 }, http: { url: http://p, ids: { "eip155:1": ethereum } } },
      dialects: { abc-labs: { assets: [{ asset_id: A }] }, cobo: { anonymous: desk, chains: { mainNet: "eip155:1" },
        tokens: { myToken: "eip155:1/erc20:0x${'b'.repeat(40)}" } } } }`
    const read = (yaml: string) => parseAppConfig({ text: yaml, name: 'test', folder: '/', env: {} })
    const config = read(text)
    expect(read(effectiveConfig(config))).toEqual(config)
  })
})

test.each<[string, number]>([
  ['2h', 1_000_000 + 7_200],
  ['90d', 1_000_000 + 90 * 86_400],
  ['1970-01-31', 30 * 86_400],
  ['1970-01-31T12:00:00Z', 30 * 86_400 + 43_200],
])('a key that expires %s: at %i', (given, at) => {
  expect(parseExpiry(given, 1_000_000)).toBe(at)
})
