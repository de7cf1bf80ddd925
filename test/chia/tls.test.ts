/** A node that asks for a client certificate, as a Chia node does: from `init` to the adapter. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadAppConfig } from '../../src/app/app-config.ts'
import { readTls } from '../../src/app/read-tls.ts'
import { createChiaAdapter } from '../../src/chains/chia/adapter.ts'
import { createChiaProver } from '../../src/chains/chia/prove/prover.ts'
import { runToExit } from '../../src/cli/outcome.ts'
import { createProgram } from '../../src/cli/program.ts'
import { hasSimulator } from '../../src/demo/chia/sdk.ts'
import { SIGNAL } from '../chains/under-test.ts'
import { type Simulated, startTestWorld } from './node/start.ts'

const pemFile = (name: string): string => fileURLToPath(new URL(`../nodes/tls/${name}`, import.meta.url))
const pem = (name: string): string => readFileSync(pemFile(name), 'utf8')
const certificate = (name: string) => ['--tls-cert', pemFile(`${name}.crt`), '--tls-key', pemFile(`${name}.key`)]

describe.skipIf(!hasSimulator())('a Chia node over TLS', () => {
  let world: Simulated
  let url = ''
  let folder = ''
  beforeAll(async () => {
    world = await startTestWorld()
    await world.call('mine', [])
    const tls = { cert: pem('node.crt'), key: pem('node.key'), ca: pem('authority.crt') }
    url = (await world.call('startNode', { tls })).url
    folder = mkdtempSync(join(tmpdir(), 'steelyard-chia-tls-'))
  })
  afterAll(async () => {
    await world.stop()
    rmSync(folder, { recursive: true })
  })

  const init = async (name: string, args: readonly string[]) => {
    const file = join(folder, name)
    const written: string[] = []
    const terminal = { out: () => undefined, err: (text: string) => void written.push(text) }
    const given = ['node', 'steelyard', 'init', '--config', file, '--rpc', url, ...args]
    const work = async (): Promise<void> => void (await createProgram(terminal).parseAsync(given))
    return { code: await runToExit(work, terminal, false), err: written.join(''), file }
  }

  test('init asks it with the certificate, and writes a configuration with which the chain can be followed', async () => {
    const { code, err, file } = await init('good.yaml', [
      ...certificate('client'),
      '--tls-ca',
      pemFile('authority.crt'),
    ])
    expect([code, err]).toEqual([0, expect.stringContaining('is on chia:simulator0, at block 1.')])
    const [chain] = loadAppConfig({ file, env: {}, needsChains: true }).chains
    if (chain === undefined) throw new Error('there is a chain')
    expect(chain).toMatchObject({
      id: 'chia:simulator0',
      scope: { type: 'accounts', accounts: [] },
      finality: { confirmations: 32 },
      tls: { cert: pemFile('client.crt'), key: pemFile('client.key'), ca: pemFile('authority.crt') },
    })
    const options = { chain: chain.id, rpc: chain.rpc, tls: readTls(chain), warn: () => undefined }
    const { adapter } = createChiaAdapter({ ...options, finality: chain.finality })
    const { latest } = await adapter.heads(SIGNAL)
    expect(latest.number).toBe(1)
    expect(await createChiaProver(options).blockAt(1, SIGNAL)).toEqual({ number: 1, hash: latest.hash })
  })

  test('a wrong certificate, or none, is said in words', async () => {
    const wrong = await init('wrong.yaml', certificate('stranger'))
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringContaining('perhaps because it refuses our client certificate'),
    ])
    const none = await init('none.yaml', [])
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('nobody we trust signed the certificate')])
    const half = await init('half.yaml', ['--tls-cert', pemFile('client.crt')])
    expect([half.code, half.err]).toEqual([2, expect.stringContaining('--tls-cert and --tls-key go together')])
    const mixed = ['--tls-cert', pemFile('client.crt'), '--tls-key', pemFile('stranger.key')]
    expect(await init('mixed.yaml', mixed)).toMatchObject({ err: expect.stringContaining('cannot be used') })
  })
})
