/**
 * How fast `steelyard verify` is: indexes a real Anvil with many balances, then compares them with the built command.
 * `--balances` (10,000), `--tokens` (10). Node, server and command share this machine.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Address, getContractAddress, isAddress } from 'viem'
import { assert } from '../src/core/assert.ts'
import { type Anvil, startAnvil } from '../src/demo/anvil.ts'
import { callData, deployData } from '../src/demo/contracts.ts'
import { Writer } from '../src/demo/writer.ts'
import { numbersFromArguments } from './arguments.ts'
import { startServer, temporaryFolder } from './server.ts'

/** Mints in one block, well below its gas limit. */
const MINTS_PER_BLOCK = 250
const CHAIN = 'eip155:31337'

const { balances, tokens } = numbersFromArguments({ balances: 10_000, tokens: 10 })
const anvil = await startAnvil({ args: ['--no-mining', '--timestamp', '1600000000'] })
try {
  await fill(anvil)
  const folder = temporaryFolder()
  const server = await startServer(folder, [{ id: CHAIN, rpc: anvil.url }])
  while (((await server.health(CHAIN))?.transfers ?? 0) < balances) await new Promise((done) => setTimeout(done, 100))
  for (const beside of ['beside serve', 'alone']) {
    if (beside === 'alone') await server.stop()
    report(beside, run(join(folder, 'bench.yaml')))
  }
} finally {
  await anvil.stop()
}

async function fill(node: Anvil): Promise<void> {
  const accounts = await node.rpc('eth_accounts')
  const from: unknown = Array.isArray(accounts) ? accounts[0] : undefined
  assert(typeof from === 'string' && isAddress(from), 'Anvil has accounts')
  const writer = new Writer(node)
  const deployed = Array.from({ length: tokens }, (_, nonce) => getContractAddress({ from, nonce: BigInt(nonce) }))
  const data = deployData('Erc20', ['Bench', 'BEN', 18])
  let time = 1_600_000_012
  await writer.block(
    deployed.map(() => ({ from, data })),
    time,
  )
  for (let at = 0; at < balances; at += MINTS_PER_BLOCK) {
    const count = Math.min(MINTS_PER_BLOCK, balances - at)
    time += 12
    await writer.block(
      Array.from({ length: count }, (_, place) => mint(from, deployed, at + place)),
      time,
    )
  }
  await writer.expectSuccess()
}

function mint(from: Address, deployed: readonly Address[], place: number) {
  const to = deployed[place % deployed.length]
  assert(to !== undefined, 'there is a token')
  // Spread over all possible accounts, like real ones.
  const account = `0x${(BigInt(place + 1) * 0x9e3779b97f4a7c15f39cc0605cedc834n).toString(16).padStart(40, '0').slice(-40)}`
  return { from, to, data: callData('Erc20', 'mint', [account, BigInt(place + 1)]) }
}

type Run = { readonly seconds: number; readonly checked: number; readonly equal: number; readonly whole: number }

function run(config: string): Run {
  const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
  const begun = performance.now()
  const done = spawnSync(process.execPath, [main, 'verify', '--config', config, '--json'], { encoding: 'utf8' })
  assert(done.status === 0, `verify ends with 0: ${done.stdout}${done.stderr}`)
  const parsed: { checked: number; equal: number; chains: { seconds: number }[] } = JSON.parse(done.stdout)
  const [chain] = parsed.chains
  assert(chain !== undefined, 'verify reports the chain')
  const whole = (performance.now() - begun) / 1000
  return { seconds: chain.seconds, checked: parsed.checked, equal: parsed.equal, whole }
}

function report(beside: string, { seconds, checked, equal, whole }: Run): void {
  const rate = Math.round(checked / seconds).toLocaleString('en-US')
  console.log(
    `${beside.padEnd(13)} ${checked} compared, ${equal} equal, in ${seconds.toFixed(2)} s: ${rate}/s (whole command ${whole.toFixed(2)} s)`,
  )
}
