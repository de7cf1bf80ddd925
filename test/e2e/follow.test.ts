/** Accounts that are followed while a real node goes on, by the compiled server: killed in between, and compared. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { parseChainId } from '../../src/core/chain.ts'
import { type Anvil, blockNumber, DEPLOYER, deploy, mine, send, startAnvil, view } from '../nodes/anvil.ts'
import { ENGINES, type StorePlace } from '../store/engines.ts'
import { type ServeProcess, startServe, steelyard } from './steelyard.ts'

const ID = 'eip155:31337'
const [ALICE, BOB, CAROL] = ['a11ce', 'b0b', 'ca501'].map((name): Address => `0x${name.padStart(40, '0')}`)
const accounts = [ALICE, BOB, CAROL].flatMap((account) => account ?? [])

let anvil: Anvil
let coin: Address
let other: Address
const folders: string[] = []
beforeAll(async () => {
  anvil = await startAnvil()
  coin = await deploy(anvil, 'Erc20', ['Coin', 'COIN', 6])
  other = await deploy(anvil, 'Erc20', ['Other', 'OTHER', 18])
  for (const [index, account] of accounts.entries()) {
    await pay(coin, account, BigInt(100 + index))
    await mine(anvil, 130)
    await pay(other, account, 7n)
  }
}, 180_000)
afterAll(async () => {
  await anvil.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function pay(token: Address, to: Address, amount: bigint): Promise<void> {
  await send(anvil, { name: 'Erc20', address: token, functionName: 'mint', args: [to, amount] })
}

async function amountOf(token: Address, account: Address | undefined): Promise<string> {
  return String(await view(anvil, { name: 'Erc20', address: token, functionName: 'balanceOf', args: [account] }))
}

/** A folder with a configuration that follows these accounts. Returns the name of the file. */
function configure({ url }: StorePlace, scope: readonly (Address | undefined)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-e2e-follow-'))
  folders.push(folder)
  const chain = { id: ID, rpc: [anvil.url], poll_ms: 50, scope: { accounts: scope } }
  const file = join(folder, 'steelyard.yaml')
  const chainbase = { balance: 'decimal', demo_key: true }
  writeFileSync(file, stringify({ listen: { port: 0 }, store: url, chains: [chain], dialects: { chainbase } }))
  return file
}

type Told = { checkpoint?: { number: number }; accounts?: { followed: number; waiting: number }; state: string }

/** Waits until the server is at the node's head, and follows so many accounts. */
async function settled({ url }: ServeProcess, followed: number): Promise<void> {
  const deadline = Date.now() + 90_000
  for (;;) {
    const head = await blockNumber(anvil)
    const { chains } = (await (await fetch(`${url}/health`)).json()) as { chains: Told[] }
    const [chain] = chains
    const isThere = chain?.accounts?.followed === followed && chain.accounts.waiting === 0
    if (isThere && chain.checkpoint?.number === head && (await fetch(`${url}/ready`)).status === 200) return
    if (Date.now() > deadline) throw new Error(`not within a minute: ${JSON.stringify(chain)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function tokensOf({ url }: ServeProcess, account: Address | undefined): Promise<unknown> {
  const query = `chain_id=31337&address=${account ?? ''}`
  const response = await fetch(`${url}/v1/account/tokens?${query}`, { headers: { 'x-api-key': 'demo' } })
  if (response.status !== 200) return response.status
  const { data } = (await response.json()) as { data: { contract_address: string; balance: string }[] }
  return data.map(({ contract_address, balance }) => [contract_address, balance])
}

test.each(ENGINES.filter(({ isFull }) => isFull))(
  '$name: accounts are followed and no longer followed while the chain goes on, also through kills, as if they had always been',
  async ({ makePlace }) => {
    const [place, always] = [await makePlace(), await makePlace()]
    onTestFinished(async () => {
      await place.end()
      await always.end()
    })
    const file = configure(place, [ALICE])
    let server = await startServe(file)
    await settled(server, 1)
    expect(await tokensOf(server, BOB)).toBe(503)
    const asked = await steelyard(['follow', ID, BOB ?? '', CAROL ?? '', '--config', file])
    expect([asked.code, asked.err]).toEqual([0, expect.stringContaining('2 accounts of eip155:31337 followed')])
    for (let kills = 0; kills < 4; kills++) {
      await new Promise((resolve) => setTimeout(resolve, 40 * kills))
      await server.end('SIGKILL')
      await pay(coin, accounts[kills % 3] ?? DEPLOYER, BigInt(kills + 1))
      server = await startServe(file)
    }
    await mine(anvil, 3)
    await pay(other, BOB ?? DEPLOYER, 1n)
    await settled(server, 3)
    const held = await Promise.all([coin, other].map(async (token) => [token, await amountOf(token, BOB)]))
    expect(await tokensOf(server, BOB)).toEqual(held)
    const listed = await steelyard(['followed', '--config', file, '--json'])
    const rows = listed.out.trim().split('\n')
    expect(rows.map((row): unknown => Object(JSON.parse(row)).followed)).toEqual([true, true, true])
    expect((await steelyard(['verify', '--config', file])).code).toBe(0)
    await server.end('SIGINT')

    const straight = configure(always, accounts)
    const second = await startServe(straight)
    await settled(second, 3)
    await second.end('SIGINT')
    const chain = parseChainId(ID) ?? expect.fail()
    expect(await place.dumpChain(chain)).toEqual(await always.dumpChain(chain))

    server = await startServe(file)
    await steelyard(['unfollow', ID, CAROL ?? '', '--config', file])
    await settled(server, 2)
    expect(await tokensOf(server, CAROL)).toBe(503)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain(`steelyard_accounts_followed{chain="${ID}"} 2`)
    await server.end('SIGINT')
  },
  180_000,
)
