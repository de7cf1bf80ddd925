import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { issueKey } from '../access/keys.ts'
import { createUser } from '../access/users.ts'
import { type AppConfig, parseAppConfig } from '../app/app-config.ts'
import { askBalances } from '../demo/balances.ts'
import { type DemoChain, startDemoChain } from '../demo/chain.ts'
import { type ChiaDemo, catList, startChiaDemo } from '../demo/chia/demo-chain.ts'
import { askSpacescan } from '../demo/chia/words.ts'
import { type DemoAddress, makeCustody } from '../demo/custody.ts'
import { GILT, INVESTOR, issueGilt, POINTS } from '../demo/gilt.ts'
import { type StarknetDemo, startStarknetDemo } from '../demo/starknet/demo-chain.ts'
import { padded } from '../demo/starknet/felt.ts'
import { demoWords } from '../demo/words.ts'
import { openStore } from '../store/open.ts'
import { codecOf } from './account-codec.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'
import { parsePort } from './port.ts'
import { serveUntilStopped } from './serve-until-stopped.ts'
import { listenForStop, type StopRequest } from './stop-signal.ts'
import { now } from './time-text.ts'

/** Pause between two blocks of the demo's trades, in milliseconds: slow enough to watch. */
const TRADE_MS = 4_000
/** Pause between two blocks of the simulated chain, in milliseconds: the time of a block on Starknet. */
const SIMULATED_MS = 4_000
/** How many ports to try, from the wanted port upwards. */
const PORTS_TRIED = 20
const HOST = '127.0.0.1'
/** A user of the demo, so that the login of the documentation works. */
const DEMO_USER = { name: 'demo', password: 'demo password' }

/** `steelyard demo`: indexes and serves a local chain, and prints requests to try. */
export function addDemo(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('start local chains, one with real contracts, index and serve them, and print requests to try')
    .option('--port <port>', 'port to listen on; if it is taken, the next free one', parsePort, 8080)
    .addHelpText(
      'after',
      helpText(
        '\nThe EVM chain is real: it needs Anvil, from the npm package @foundry-rs/anvil. npm ci installs it in a ' +
          'checkout. The Starknet chain is simulated by this process. The Chia chain is the simulator of the npm package ' +
          'chia-wallet-sdk-linux-x64-gnu; on other platforms than 64-bit Linux (x64) the demo has none.\n' +
          'Nothing is kept: Ctrl-C stops the chains and removes the store.',
      ),
    )
    .action(async (options: { port: number }) => {
      const stop = listenForStop()
      try {
        await runDemo(options.port, { terminal, stop })
      } finally {
        stop.release()
      }
    })
}

type Surroundings = { readonly terminal: Terminal; readonly stop: StopRequest }

async function runDemo(wanted: number, { terminal, stop }: Surroundings): Promise<void> {
  terminal.err('Starting a local chain and deploying contracts to it …\n')
  const chains = await startChains()
  const { evm: chain, starknet, chia } = chains
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-demo-'))
  try {
    const port = await freePort(wanted)
    if (port !== wanted) terminal.err(`Port ${wanted} is taken: this demo listens on ${port}.\n`)
    const config = demoConfig(chains, { folder, port })
    const apiKey = await makeAccess(config)
    const trading = chain.trade(TRADE_MS, stop.signal).catch((error: unknown) => {
      // Ctrl-C reaches the chain too, and the chain may end first.
      if (!stop.signal.aborted) throw error
    })
    const onReady = async (server: string): Promise<void> =>
      terminal.out(
        demoWords({
          ...chain,
          server,
          starknet: {
            ...starknet,
            balances: await askBalances(server, { apiKey, chain: starknet }),
            login: { username: DEMO_USER.name, password: DEMO_USER.password },
          },
          chia: chia && { ...chia, answers: await askSpacescan(server, chia) },
          gilt: await issueGilt(server),
          custody: await makeCustody(server, {
            apiKey,
            addresses: custodyAddresses(chains),
            signal: stop.signal,
          }),
        }),
      )
    const simulating = [starknet, chia].map((one) => one?.trade(SIMULATED_MS, stop.signal))
    await Promise.all([serveUntilStopped({ config, stop, onReady }), trading, ...simulating])
  } finally {
    await stopChains(chains)
    rmSync(folder, { recursive: true, force: true })
  }
  terminal.err('The demo has ended and left nothing behind.\n')
}

/** The chains of the demo. Chia's is undefined where its simulator does not run. */
type DemoChains = { readonly evm: DemoChain; readonly starknet: StarknetDemo; readonly chia: ChiaDemo | undefined }

async function startChains(): Promise<DemoChains> {
  const started: { stop: () => Promise<void> }[] = []
  const note = <T extends { stop: () => Promise<void> } | undefined>(one: T): T => {
    if (one !== undefined) started.push(one)
    return one
  }
  try {
    const evm = note(await startDemoChain())
    return { evm, starknet: note(await startStarknetDemo()), chia: note(await startChiaDemo()) }
  } catch (error) {
    await Promise.all(started.map((one) => one.stop()))
    throw error
  }
}

async function stopChains({ evm, starknet, chia }: DemoChains): Promise<void> {
  await Promise.all([evm.stop(), starknet.stop(), chia?.stop()])
}

/** Writes the names of the demo's CATs into a token list. Returns the list's file, if there is one. */
function writeLists(chia: ChiaDemo | undefined, folder: string): readonly string[] {
  if (chia === undefined) return []
  const file = join(folder, 'cats.json')
  writeFileSync(file, catList(chia))
  return [file]
}

function demoConfig(
  { evm, starknet, chia }: DemoChains,
  where: { readonly folder: string; readonly port: number },
): AppConfig {
  const [real, simulated] = [`eip155:${evm.chainId}`, `starknet:${starknet.chainId}`]
  const tree = {
    listen: { host: HOST, port: where.port },
    log: { level: 'warn' },
    store: `sqlite:${where.folder}`,
    chains: [
      { id: real, rpc: [evm.url], poll_ms: 500 },
      { id: simulated, rpc: [starknet.url], poll_ms: 500 },
      ...(chia === undefined ? [] : [{ id: `chia:${chia.network}`, rpc: [chia.url], poll_ms: 500 }]),
      { id: 'ledger:main' },
    ],
    tokens: { lists: writeLists(chia, where.folder) },
    prices: {
      static: {
        [`${real}/erc20:${evm.tokens.cents}`]: '1.0001',
        [`${simulated}/erc20:${padded(starknet.tokens.dollar)}`]: '0.9998',
      },
    },
    dialects: {
      'abc-labs': { assets: [GILT, POINTS] },
      chainbase: { demo_key: true },
      cobo: { anonymous: DEMO_PRINCIPAL },
      spacescan: { enabled: chia !== undefined },
      // TokenKit serves the first Starknet chain unless `chain` names another one.
      tokenkit: {},
    },
  }
  // An empty environment, so that the demo is the same everywhere.
  const source = { text: stringify(tree), name: 'the demo', folder: where.folder, env: {} }
  return parseAppConfig(source)
}

/** The principal of the demo's wallet. Callers without a key read its wallets. */
const DEMO_PRINCIPAL = 'demo'

/** The addresses that the demo's wallet watches, by the ids that Cobo's dialect gives these chains. */
function custodyAddresses({ evm, starknet, chia }: DemoChains): readonly DemoAddress[] {
  return [
    { chain: `EVM_${evm.chainId}`, address: evm.trader },
    { chain: `STARKNET_${starknet.chainId}`, address: padded(starknet.trader) },
    ...(chia === undefined ? [] : [{ chain: `XCH_${chia.network}`, address: chia.trader }]),
    { chain: 'LEDGER', address: INVESTOR },
  ]
}

/**
 * Makes a user and a key of the demo, as `steelyard users create` and `keys create` do. Resolves to the key, which may do
 * everything, so that every call of the documentation works with it.
 */
async function makeAccess({ store: url }: AppConfig): Promise<string> {
  const store = await openStore({ url, create: true, codecOf })
  try {
    await store.users.put(await createUser({ ...DEMO_USER, createdAt: now() }))
    return await issueKey(store.keys, { name: 'demo', principal: DEMO_PRINCIPAL, scopes: ['*'], createdAt: now() })
  } finally {
    await store.close()
  }
}

async function freePort(wanted: number): Promise<number> {
  if (wanted === 0) return 0
  for (let port = wanted; port < wanted + PORTS_TRIED && port <= 65_535; port++) {
    if (await isFree(port)) return port
  }
  return 0
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, HOST, () => server.close(() => resolve(true)))
  })
}
