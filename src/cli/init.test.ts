import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Fault, jsonRpc, type ScriptedNode, startScriptedNode } from '../../test/nodes/scripted-node.ts'
import { type AppConfig, loadAppConfig } from '../app/app-config.ts'
import { runToExit } from './outcome.ts'
import { createProgram } from './program.ts'

const HEALTHY = { eth_chainId: () => '0xa', eth_blockNumber: () => '0x12d687' }
const NOWHERE = 'http://127.0.0.1:1'

let node: ScriptedNode
let folder = ''
let file = ''
beforeAll(async () => {
  node = await startScriptedNode(jsonRpc(HEALTHY))
})
afterAll(() => node.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steelyard-init-'))
  file = join(folder, 'steelyard.yaml')
})
afterEach(() => {
  node.become(jsonRpc(HEALTHY))
  rmSync(folder, { recursive: true })
})

/** Runs the command. `answers` are typed one after the other, then the input ends; undefined: there is no terminal. */
async function init(args: readonly string[], answers?: readonly string[]) {
  const written = { err: '', asked: [] as string[] }
  const left = [...(answers ?? [])]
  const terminal = {
    out: () => undefined,
    err: (text: string) => {
      written.err += text
    },
  }
  const ask = async (question: string): Promise<string | undefined> => {
    written.asked.push(question)
    return left.shift()
  }
  const work = async (): Promise<void> => {
    const seated = answers === undefined ? terminal : { ...terminal, ask }
    await createProgram(seated).parseAsync(['node', 'steelyard', 'init', '--config', file, ...args])
  }
  return { code: await runToExit(work, terminal, false), ...written }
}

const read = (): AppConfig => loadAppConfig({ file, env: {}, needsChains: true })

test('by options: init asks the node for its chain, and writes a valid, commented and private file', async () => {
  const { code, err } = await init(['--rpc', `${node.url}/v3/SECRETKEY`, '--from', '17', '--port', '9000', '--ledger'])
  expect([code, err]).toEqual([0, expect.stringContaining(`${node.url}/… is on eip155:10, at block 1,234,567.\n`)])
  expect(err).toContain(`Wrote ${file}. Next:\n  steelyard config check --config ${file}\n`)
  expect(err).not.toContain('SECRETKEY')
  expect(read()).toMatchObject({
    listen: { host: '127.0.0.1', port: 9000 },
    store: `sqlite:${join(folder, 'data')}`,
    chains: [
      { id: 'eip155:10', rpc: [`${node.url}/v3/SECRETKEY`], from: 17 },
      { id: 'ledger:main', rpc: [] },
    ],
  })
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
  const lines = readFileSync(file, 'utf8').split('\n')
  expect(lines.filter((line) => line.includes('# '))).not.toEqual([])
  expect(lines.filter((line) => line.length > 90)).toEqual([])
})

describe('a node of Starknet', () => {
  const starknet = { starknet_chainId: () => '0x534e5f4d41494e', starknet_blockNumber: () => 17 }

  test('init asks it for its chain, and writes the finality of its kind', async () => {
    node.become(jsonRpc({ ...starknet, starknet_specVersion: () => '0.10.2' }))
    const { code, err } = await init(['--rpc', node.url])
    expect([code, err]).toEqual([0, expect.stringContaining('is on starknet:SN_MAIN, at block 17.\n')])
    expect(read().chains).toMatchObject([{ id: 'starknet:SN_MAIN', rpc: [node.url], finality: 'l1_accepted' }])
    expect(readFileSync(file, 'utf8')).toContain('finality: l1_accepted  # or { confirmations: 12 }\n')
  })

  test('that is too old: the error is of its kind and names the remedy, and nothing is written', async () => {
    node.become(jsonRpc({ ...starknet, starknet_specVersion: () => '0.8.1' }))
    const { code, err } = await init(['--rpc', node.url])
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/speaks version 0\.8\.1 .*\/rpc\/v0_10: nothing was written/),
    ])
    expect(existsSync(file)).toBe(false)
  })
})

test('a ledger alone needs no node', async () => {
  expect((await init(['--ledger'])).code).toBe(0)
  expect(read().chains.map(({ id }) => id)).toEqual(['ledger:main'])
})

describe('by asking', () => {
  test('asks again until a node answers', async () => {
    const { code, err, asked } = await init([], ['ftp://a', NOWHERE, ` ${node.url} `, 'ten', '12'])
    expect(code).toBe(0)
    expect(err).toContain('That is not an http:// or https:// URL.\n')
    expect(err).toMatch(/127\.0\.0\.1:1.*Start it, or give another one\.\n/)
    expect(err).toContain('It is on eip155:10, at block 1,234,567.\n')
    expect(asked).toHaveLength(5)
    expect(read().chains).toMatchObject([{ id: 'eip155:10', rpc: [node.url], from: 12 }])
  })

  test('for a ledger', async () => {
    expect((await init([], ['ledger'])).code).toBe(0)
    expect(read().chains.map(({ id }) => id)).toEqual(['ledger:main'])
  })

  test('writes nothing if the input ends', async () => {
    for (const answers of [[], [node.url]]) {
      expect(await init([], answers)).toMatchObject({ code: 2, err: expect.stringContaining('nothing was written') })
    }
    expect(existsSync(file)).toBe(false)
  })
})

test('a node does not answer: init writes nothing, unless its chain is given', async () => {
  const refused = await init(['--rpc', NOWHERE])
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringMatching(/127\.0\.0\.1:1.*--chain.*\[NODE_UNREACHABLE\]\n$/),
  ])
  expect(existsSync(file)).toBe(false)
  const taken = await init(['--rpc', NOWHERE, '--chain', 'eip155:1'])
  expect([taken.code, taken.err]).toEqual([
    0,
    expect.stringContaining('Using --chain eip155:1, which this node did not confirm'),
  ])
  expect(read().chains[0]?.id).toBe('eip155:1')
})

test.each<[string, Parameters<typeof jsonRpc>[0], string]>([
  ['is not a chain', { eth_chainId: () => null, eth_blockNumber: () => '0x1' }, '[NODE_GARBAGE]'],
  ['does not know the call', {}, '[NODE_NO_METHOD]'],
  [
    'refuses',
    {
      eth_chainId: () => {
        throw new Fault(-32000, 'this plan is over')
      },
      net_version: () => {
        throw new Fault(-32000, 'this plan is over')
      },
    },
    '[NODE_RPC]',
  ],
])('a server that %s: nothing is written', async (_, methods, code) => {
  node.become(jsonRpc(methods))
  expect(await init(['--rpc', node.url])).toMatchObject({ code: 1, err: expect.stringContaining(code) })
  expect(existsSync(file)).toBe(false)
})

test('a node of another chain than --chain, or than the other node', async () => {
  const other = await startScriptedNode(jsonRpc({ ...HEALTHY, eth_chainId: () => '0x1' }))
  try {
    for (const args of [
      ['--rpc', node.url, '--chain', 'eip155:1'],
      ['--rpc', node.url, '--rpc', other.url],
    ]) {
      expect(await init(args)).toMatchObject({ code: 1, err: expect.stringContaining('[CHAIN_MISMATCH]') })
    }
    expect(existsSync(file)).toBe(false)
  } finally {
    await other.stop()
  }
})

test('an existing file stays, unless --force is given; then it is private too', async () => {
  writeFileSync(file, 'mine', { mode: 0o644 })
  const kept = await init(['--ledger'])
  expect([kept.code, kept.err]).toEqual([2, `steelyard: ${file} exists; --force overwrites it\n`])
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect((await init(['--ledger', '--force'])).code).toBe(0)
  expect([read().chains.length, (statSync(file).mode & 0o777).toString(8)]).toEqual([1, '600'])
})

test.each<[string[], string]>([
  [[], 'no terminal to ask on: give --rpc URL'],
  [['--rpc', '127.0.0.1:8545'], '--rpc: got "127.0.0.1:8545", expected an http:// or https:// URL'],
  [['--rpc', NOWHERE, '--chain', 'ledger:main'], 'expected a chain with nodes'],
  [['--ledger', '--port', '70000'], 'expected a port'],
  [['--ledger', '--from', '-1'], 'expected a whole number, 0 or greater'],
  [['--ledger', '--store', 'mysql://a/b'], 'store: got'],
  [['--ledger', '--host', 'a b'], 'listen.host: got'],
])('%j is wrong use, and nothing is written', async (args, words) => {
  expect(await init(args)).toMatchObject({ code: 2, err: expect.stringContaining(words) })
  expect(existsSync(file)).toBe(false)
})

test('a missing folder has the system code', async () => {
  file = join(folder, 'deep', 'steelyard.yaml')
  expect(await init(['--ledger'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/cannot write .*ENOENT.*\[SYSTEM_REFUSED\]/),
  })
})
