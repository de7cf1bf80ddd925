/** The demo, whose store is a folder that it deletes: it needs no server of a database. */
import { execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'

const BIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
/** The demo is ready within seconds. Only a hang is a failure. */
const TIMEOUT_MS = 120_000
const run = promisify(execFile)

test(
  'every command that the demo prints works unchanged, and TokenKit and Spacescan answer over the simulated chains',
  async () => {
    const child = spawn(process.execPath, [BIN, 'demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    try {
      const text = await new Promise<string>((resolve, reject) => {
        let out = ''
        child.stdout.on('data', (chunk: Buffer) => {
          out += chunk.toString()
          if (out.includes('All calls:')) resolve(out)
        })
        void exited.then((code) => reject(new Error(`the demo ended with ${String(code)}: ${err}`)))
      })
      expect(text).toContain('This Starknet chain is SIMULATED')
      const lines = text.split('\n')
      const commands = lines.filter((line) => line.startsWith('  curl '))
      for (const command of commands) {
        const { stdout } = await run('/bin/sh', ['-c', command])
        expect([command, stdout]).not.toEqual([
          command,
          expect.stringMatching(/"error"|"success":false|"message":"(?!ok|")/),
        ])
      }
      const answers = lines.filter((line) => line.startsWith('  {"success":'))
      expect(answers.map((line) => line.slice(0, 18))).toEqual(Array.from({ length: 3 }, () => '  {"success":true,'))
      const spacescan = lines.filter((line) => line.startsWith('  {"status":"success","'))
      expect(spacescan).toHaveLength(hasSimulator() ? 2 : 0)
      expect(text.includes('There is no Chia chain here')).toBe(!hasSimulator())
      if (hasSimulator()) expect(spacescan[0]).toMatch(/"name":"Demo Bucks","symbol":"DBX","balance":\d/)
      const names = answers.join()
      const [seed = ''] = lines.filter((line) => line.startsWith('  {"result":['))
      expect(seed).toMatch(/"token_id":"EVM_31337[^"]*","amount":"\d+(\.\d+)?"/)
      const page = commands.find((command) => command.includes('/wallets/balances'))
      const { stdout: balances } = await run('/bin/sh', ['-c', page ?? ''])
      const chains = new Set([...balances.matchAll(/"chain_id":"([^"]+)"/g)].map(([, id]) => id))
      expect([...chains].sort()).toEqual([
        'EVM_31337',
        'LEDGER',
        'STARKNET_SN_DEMO',
        ...(hasSimulator() ? ['XCH_simulator0'] : []),
      ])
      for (const part of [/"balance_usd":\d/, /"symbol":"STRK"/, /"account_address":"0x0[0-9a-f]{63}"/]) {
        expect(names).toMatch(part)
      }
    } finally {
      child.kill('SIGINT')
    }
    expect(await exited).toBe(0)
    expect(err).toContain('The demo has ended and left nothing behind.')
  },
  TIMEOUT_MS,
)
