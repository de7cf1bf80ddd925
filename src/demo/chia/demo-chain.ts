import { pause } from '../pause.ts'
import { type Remote, startRemote } from './commands.ts'
import type { Cat } from './orders.ts'
import { hasSimulator } from './sdk.ts'
import type { ChiaWorld, WorldOptions } from './world.ts'

/** A CAT of the demo. */
export type DemoCat = { readonly tail: string; readonly name: string; readonly symbol: string }

/** A simulated Chia chain with its node on a socket. */
export type ChiaDemo = {
  readonly url: string
  /** The network's name. */
  readonly network: string
  readonly cats: readonly DemoCat[]
  /** Addresses of accounts that trade. */
  readonly accounts: readonly string[]
  /** One of the accounts. */
  readonly trader: string
  /** Makes a block every `intervalMs`; resolves when the signal fires. */
  readonly trade: (intervalMs: number, signal: AbortSignal) => Promise<void>
  readonly stop: () => Promise<void>
}

/** The name that the simulator gives to its network. */
const NETWORK = 'simulator0'
const SEED = 2031
const TRADERS = 6
/** Blocks of the history, and seconds between them: a little more than on mainnet. */
const BLOCKS = 60
const BLOCK_SECONDS = 19
/** One block in this many has transactions, as on mainnet. */
const TRADED_EVERY = 3

/** The CATs of the demo. Wallets that only issue or revoke are above those that trade. */
const CATS: readonly (Pick<DemoCat, 'name' | 'symbol'> & { readonly cat: Cat })[] = [
  { name: 'Demo Bucks', symbol: 'DBX', cat: { issuer: TRADERS + 1 } },
  { name: 'Demo Gold', symbol: 'GOLD', cat: { issuer: TRADERS + 2 } },
  { name: 'Demo Shares', symbol: 'SHR', cat: { issuer: TRADERS + 3, revoker: TRADERS + 4 } },
]
const WALLETS = TRADERS + 4

/**
 * Makes a small history that ends now, the same every time, and serves it from a process of its own. Undefined: this platform
 * has no simulator.
 */
export async function startChiaDemo(): Promise<ChiaDemo | undefined> {
  if (!hasSimulator()) return undefined
  const timestamp = nowSeconds() - BLOCKS * BLOCK_SECONDS
  const world = await startRemote<ChiaWorld>(processFile(), {
    seed: SEED,
    timestamp,
    funded: WALLETS,
  } satisfies WorldOptions)
  try {
    return await demoOf(world)
  } catch (error) {
    await world.stop()
    throw error
  }
}

async function demoOf(world: Remote<ChiaWorld>): Promise<ChiaDemo> {
  const orders = CATS.map(({ cat }) => cat)
  const wallets = Array.from({ length: TRADERS }, (_, at) => at + 1)
  const accounts = await Promise.all(wallets.map(async (wallet) => (await world.call('wallet', wallet)).address))
  const cats = await Promise.all(
    CATS.map(async ({ name, symbol, cat }) => ({ tail: (await world.call('cat', cat)).tail, name, symbol })),
  )
  await endow(world)
  let made = 1
  const grow = async (timestamp?: number): Promise<void> => {
    made += 1
    if (made % TRADED_EVERY === 0) await world.call('trade', orders, TRADERS, timestamp)
    else await world.call('mine', [], timestamp)
  }
  while (made < BLOCKS) await grow()
  const { url } = await world.call('startNode')
  return {
    url,
    network: NETWORK,
    cats,
    accounts,
    trader: accounts[0] ?? '',
    trade: async (intervalMs, signal) => {
      while (await pause(intervalMs, signal)) {
        const { timestamp } = await world.call('head')
        await grow(Math.max(timestamp + 1, nowSeconds()))
      }
    },
    stop: () => world.stop(),
  }
}

/** The first block: a thousand of each CAT for each trader, in mojos. */
async function endow(world: Remote<ChiaWorld>): Promise<void> {
  const owners = await Promise.all(
    Array.from({ length: TRADERS }, async (_, at) => (await world.call('wallet', at + 1)).puzzleHash),
  )
  const outputs = owners.map((to) => ({ to, amount: 1_000_000n }))
  await world.call(
    'mine',
    CATS.map(({ cat }) => ({ do: 'issue' as const, cat, outputs })),
  )
}

/** A token list with the names of the CATs: a CAT has none on its chain. */
export function catList({ network, cats }: Pick<ChiaDemo, 'network' | 'cats'>): string {
  const tokens = cats.map(({ tail, name, symbol }) => ({ asset_id: tail, name, symbol, decimals: 3 }))
  return JSON.stringify({ name: 'CATs of the demo', chain: `chia:${network}`, tokens })
}

function processFile(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./simulator-process.${extension}`, import.meta.url)
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
