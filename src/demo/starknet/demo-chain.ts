import { assert } from '../../core/assert.ts'
import { Draw } from '../draw.ts'
import { pause } from '../pause.ts'
import { type Cast, ETH, ETH_PROGRAM, SEQUENCER, STRK, STRK_PROGRAM } from './cast.ts'
import { StarknetChain } from './chain.ts'
import { erc20 } from './erc20.ts'
import { erc721 } from './erc721.ts'
import { erc1155 } from './erc1155.ts'
import { bridged } from './execute.ts'
import { type Felt, feltDigest, parseFelt } from './felt.ts'
import { StarknetNode } from './node.ts'
import { held, type Program } from './program.ts'
import { serveNode } from './serve.ts'

/** A simulated Starknet chain with its node on a socket. All felts are minimal. */
export type StarknetDemo = {
  readonly url: string
  /** The chain id as text, `SN_…`. */
  readonly chainId: string
  readonly tokens: Readonly<Record<StarknetDemoToken, Felt>>
  readonly accounts: readonly Felt[]
  /** Two of the accounts. Both hold fungible tokens at all times. */
  readonly trader: Felt
  readonly holder: Felt
  readonly chain: StarknetChain
  /** The balance of an account in a fungible token at the head, in base units. */
  readonly holding: (token: StarknetDemoToken, account: Felt) => bigint
  /** Makes a block every `intervalMs`; resolves when the signal fires. */
  readonly trade: (intervalMs: number, signal: AbortSignal) => Promise<void>
  readonly stop: () => Promise<void>
}

/** How the demo's chain is served. */
export type StarknetDemoOptions = { readonly port?: number; readonly chainId?: string }

/** The chain says by its id that it is not a public network. */
const CHAIN_ID = 'SN_DEMO'
const ACCOUNTS = 16
/** Blocks of the history, and seconds between them, as on Starknet. */
const BLOCKS = 60
const BLOCK_SECONDS = 4
/** L1 trails the chain by hours on Starknet. It is near here, so that the demo also shows final balances. */
const L1_BELOW = 10
const SEED = 2031
/** Base units of the dollar that each account gets first: 2,500. Later draws move amounts of this size. */
const DOLLARS = 2_500n * 10n ** 18n
const PACE = { transactions: [2, 8], emptyEvery: 15 } as const

const PROGRAMS = {
  strk: STRK_PROGRAM,
  eth: ETH_PROGRAM,
  dollar: erc20({ names: { style: 'byte array', name: 'Demo Dollar', symbol: 'USDD' } }),
  old: erc20({
    names: { style: 'short string', name: 'Old Token', symbol: 'OLD' },
    layout: '1+4',
    cases: 'camel',
  }),
  deeds: erc721({ names: { style: 'byte array', name: 'Demo Deeds', symbol: 'DEED' }, layout: '5+0' }),
  positions: erc721({ names: { style: 'short string', name: 'Positions', symbol: 'POS' }, layout: '3+2' }),
  goods: erc1155({ names: { style: 'byte array', name: 'Demo Goods', symbol: 'GOOD' }, layout: '4+n' }),
} satisfies Readonly<Record<string, Program>>

/** The contracts of the demo. `positions` is an NFT whose events have the form of an ERC-20's. */
export type StarknetDemoToken = keyof typeof PROGRAMS

const TOKENS: Readonly<Record<StarknetDemoToken, Felt>> = {
  strk: STRK,
  eth: ETH,
  dollar: feltDigest('demo dollar'),
  old: feltDigest('demo old token'),
  deeds: feltDigest('demo deeds'),
  positions: feltDigest('demo positions'),
  goods: feltDigest('demo goods'),
}

const DEMO_TOKENS = ['strk', 'eth', 'dollar', 'old', 'deeds', 'positions', 'goods'] as const

/** Makes a small history that ends now, the same every time, and serves it. */
export async function startStarknetDemo(options: StarknetDemoOptions = {}): Promise<StarknetDemo> {
  const { port = 0, chainId = CHAIN_ID } = options
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => feltDigest(`demo account ${at}`))
  const programs = new Map(DEMO_TOKENS.map((token): [Felt, Program] => [TOKENS[token], PROGRAMS[token]]))
  const cast: Cast = { accounts, senders: accounts, sequencer: SEQUENCER, strk: STRK, eth: ETH, programs }
  const startTime = nowSeconds() - BLOCKS * BLOCK_SECONDS
  const chain = new StarknetChain(cast, { draw: new Draw(SEED), l1Below: L1_BELOW, startTime, pace: PACE })
  chain.grow(startTime + BLOCK_SECONDS, [bridged(TOKENS.dollar, accounts, DOLLARS)])
  for (let nth = 2; nth <= BLOCKS; nth++) chain.grow(startTime + nth * BLOCK_SECONDS)
  const node = new StarknetNode(chain, { chainId })
  const { url, stop } = await serveNode((request) => node.answer(request), port)
  const [trader = '', holder = ''] = accounts
  return {
    url,
    chainId,
    tokens: TOKENS,
    accounts,
    trader,
    holder,
    chain,
    holding: (token, account) => {
      const contract = chain.head.state.contracts.get(TOKENS[token])
      const felt = parseFelt(account)
      assert(contract?.program.standard === 'erc20' && felt !== undefined, `${token} is fungible`)
      return held(contract.storage, felt)
    },
    trade: async (intervalMs, signal) => {
      while (await pause(intervalMs, signal)) {
        node.show(chain.grow(Math.max(chain.head.timestamp + 1, nowSeconds())))
        chain.propose(chain.head.timestamp + 1)
      }
    },
    stop,
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
