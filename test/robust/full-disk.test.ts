/** A disk that is really full: a small file system in memory, mounted only for the server's process. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FileWorld, makeFileWorld, type Node, type Served, startNode } from './world.ts'

const MIB = 1024 * 1024
const LEDGER = 'ledger:main'

let node: Node
let world: FileWorld
let server: Served
/** A process that keeps the file system mounted over several runs of the server. */
let keeper = 0
beforeAll(async () => {
  node = await startNode(1)
  world = await makeFileWorld([{ id: LEDGER }, { id: 'eip155:1', rpc: [node.server.url], poll_ms: 50 }])
  // Only processes in the same namespace see the mount. It ends with the last of them.
  const mount = `mount -t tmpfs -o size=24m tmpfs '${world.data}' && (sleep 600 >/dev/null 2>&1 & echo $!)`
  const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', mount], { encoding: 'utf8' })
  keeper = Number(stdout.trim())
  if (!(keeper > 0)) throw new Error(`a file system can be mounted in a namespace: ${stderr}`)
  server = await start()
}, 180_000)
afterAll(async () => {
  await server.end('SIGINT')
  process.kill(keeper)
  await world.remove()
  await node.server.stop()
})

/** Starts a server that sees the mount. */
const start = (): Promise<Served> => world.start(`set -- nsenter -t ${keeper} -U -m --preserve-credentials "$@"`)

/** The path by which this process reaches the mounted folder. */
const mounted = (name: string): string => join(`/proc/${keeper}/root`, world.data, name)

/** Fills the disk to its last byte. */
function fill(): void {
  const fd = openSync(mounted('filler'), 'a')
  for (const size of [MIB, 4096, 1]) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size, 1))
    } catch {
      // No write of this size fits any more.
    }
  }
  closeSync(fd)
}

const register = (wallet: string) => server.post('/api/wallets', { wallet_address: wallet.padEnd(256, 'x') })

/** Writes until the disk is full. */
async function writeUntilRefused(prefix: string): Promise<void> {
  for (let count = 0; ; count++) {
    const { status, text } = await register(`${prefix}-${count}-`)
    if (status === 201) continue
    expect([status, text.includes('The disk is full')]).toEqual([503, true])
    return
  }
}

test('full while it runs, full at a start, then with space again: reported, read-only, and recovered without help', async () => {
  await server.until('eip155:1', ({ state }) => state === 'live')
  expect((await register('first')).status).toBe(201)
  fill()
  await writeUntilRefused('running')
  const full = await server.until(LEDGER, ({ error }) => error !== undefined)
  expect(full).toMatchObject({ state: 'degraded', error: expect.stringMatching(/make room|no room/) })
  // The heartbeat of the followed chain is on the same disk.
  const chain = await server.until('eip155:1', ({ state }) => state === 'degraded')
  expect(chain.error).toMatch(/make room/)
  expect((await server.get('/api/tokens/transactions')).status).toBe(200)

  rmSync(mounted('filler'))
  await server.until(LEDGER, ({ error }) => error === undefined)
  await server.until('eip155:1', ({ state }) => state === 'live')
  expect((await register('with space again')).status).toBe(201)

  fill()
  await writeUntilRefused('again')
  expect(await server.end('SIGINT')).toBe(0)
  fill()
  server = await start()
  expect((await server.get('/api/tokens/transactions')).text).toContain('first')
  expect((await register('at a start')).status).toBe(503)
  expect(await server.until(LEDGER, ({ error }) => error !== undefined)).toMatchObject({
    state: 'degraded',
    error: expect.stringMatching(/make room|no room/),
  })

  rmSync(mounted('filler'))
  await server.until(LEDGER, ({ error, state }) => error === undefined && state === 'live')
  await server.until('eip155:1', ({ state }) => state === 'live')
  expect((await register('in the end')).status).toBe(201)
}, 300_000)
