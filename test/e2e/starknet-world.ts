/** A simulated Starknet chain with odd tokens behind one node, and what its state says: the truth of the e2e tests. */
import { Draw } from '../../src/demo/draw.ts'
import { StarknetChain } from '../../src/demo/starknet/chain.ts'
import type { Pace } from '../../src/demo/starknet/draw-block.ts'
import { itemHeld } from '../../src/demo/starknet/erc1155.ts'
import { type Felt, parseFelt, selectorOf, u256From, ZERO } from '../../src/demo/starknet/felt.ts'
import { type NodeOptions, StarknetNode } from '../../src/demo/starknet/node.ts'
import { held, Panic } from '../../src/demo/starknet/program.ts'
import { ancestorAt, type StarknetBlock, type TrueTransfer, transfersOf } from '../../src/demo/starknet/state.ts'
import { type Answer, type ScriptedNode, startForgetfulNode } from '../nodes/scripted-node.ts'
import { CAST, NEW_TOKENS } from '../starknet/node/cast.ts'
import { FaultyNode } from '../starknet/node/faults.ts'

/** How deep a reorg may be: the newest block on L1 is this far below the highest one. */
const L1_BELOW = 2_000
/** Seconds between the blocks of the history, as on Starknet. */
const BLOCK_SECONDS = 4
/** The items that the ERC-1155 contracts of the cast have. */
const ITEMS = [1n, 2n, 2n ** 130n + 5n]
const BALANCE_OF = ['balance_of', 'balanceOf'].map(selectorOf)

/** A chain with its node on a socket. The node always follows the newest block. */
export type StarknetWorld = {
  readonly id: string
  readonly url: string
  readonly chain: StarknetChain
  readonly faulty: FaultyNode
  /** Answers requests instead of the node, as `become` of a scripted node does. `undefined`: the node again. */
  readonly become: (answer: Answer | undefined) => void
  readonly grow: (blocks: number) => void
  /** Replaces the newest blocks by others. */
  readonly reorganize: (depth: number, blocks: number) => void
  readonly stop: () => Promise<void>
}

/** How a world is made. */
export type StarknetWorldOptions = NodeOptions & {
  readonly blocks: number
  readonly seed?: number
  readonly pace?: Pace
}

/** Makes a chain that ends now, and serves it. */
export async function startStarknetWorld(options: StarknetWorldOptions): Promise<StarknetWorld> {
  const { blocks, seed = 1, pace, chainId = 'SN_DEMO' } = options
  const startTime = Math.floor(Date.now() / 1_000) - blocks * BLOCK_SECONDS
  const chain = new StarknetChain(CAST, {
    draw: new Draw(seed),
    l1Below: L1_BELOW,
    startTime,
    newTokens: NEW_TOKENS,
    ...(pace === undefined ? {} : { pace }),
  })
  for (let nth = 1; nth <= blocks; nth++) chain.grow(startTime + nth * BLOCK_SECONDS)
  const node = new StarknetNode(chain, { ...options, chainId })
  const faulty = new FaultyNode(node)
  const own: Answer = (arrived) => faulty.reply(arrived)
  const server: ScriptedNode = await startForgetfulNode(own)
  return {
    id: `starknet:${chainId}`,
    url: server.url,
    chain,
    faulty,
    become: (answer) => server.become(answer ?? own),
    grow: (count) => {
      for (let nth = 0; nth < count; nth++) chain.grow(Math.max(chain.head.timestamp, Math.floor(Date.now() / 1_000)))
      faulty.show(chain.head)
    },
    reorganize: (depth, count) => faulty.show(chain.reorganize(depth, count)),
    stop: server.stop,
  }
}

/** An address as the server writes it: 64 digits. */
export function canonical(felt: Felt): string {
  return `0x${felt.slice(2).padStart(64, '0')}`
}

/** The felt of an address in any form. */
export function minimal(address: string): Felt {
  const felt = parseFelt(address.toLowerCase())
  if (felt === undefined) throw new Error(`no felt: ${address}`)
  return felt
}

/** The tokens of a block's state: no accounts. */
export function tokensAt(block: StarknetBlock): readonly Felt[] {
  return [...block.state.contracts].flatMap(([address, { program }]) => (program.standard === 'none' ? [] : [address]))
}

/** The block with this number and hash, if it is part of the chain. @throws Error it is not */
export function blockOf(world: StarknetWorld, { number, hash }: { number: number; hash: string }): StarknetBlock {
  const block = ancestorAt(world.chain.head, number)
  if (block?.hash !== minimal(hash)) throw new Error(`${hash} is not block ${number} of the chain`)
  return block
}

/**
 * What a contract answers for an account at a block: of an ERC-1155 the sum of its items. Undefined: it answers no
 * balance.
 */
export function balanceAt(block: StarknetBlock, token: Felt, account: Felt): bigint | undefined {
  const contract = block.state.contracts.get(token)
  if (contract === undefined) return undefined
  const { program, storage } = contract
  if (program.standard === 'erc1155') return ITEMS.reduce((sum, item) => sum + itemHeld(storage, account, item), 0n)
  const entry = BALANCE_OF.map((selector) => program.entries.get(selector)).find((one) => one !== undefined)
  try {
    return entry && u256From(...(entry(storage, [account]) as [Felt, Felt]))
  } catch (error) {
    if (error instanceof Panic) return undefined
    throw error
  }
}

/** The sum of an account's transfers in a token: what events alone say. Only of contracts whose storage is that sum. */
export function storedAt(block: StarknetBlock, token: Felt, account: Felt): bigint {
  const contract = block.state.contracts.get(token)
  return contract === undefined ? 0n : held(contract.storage, account)
}

/** A transfer with its block. */
export type Placed = TrueTransfer & { readonly block: StarknetBlock }

/** All transfers of a branch up to a block, the oldest first. */
export function allTransfers(head: StarknetBlock): readonly Placed[] {
  const blocks: StarknetBlock[] = []
  for (let at: StarknetBlock | undefined = head; at !== undefined; at = at.parent) blocks.push(at)
  return blocks.reverse().flatMap((block) => transfersOf(block).map((one) => ({ ...one, block })))
}

/** The tokens whose events name an account, in the order in which the first of them did. */
export function metBy(transfers: readonly Placed[], account: Felt): readonly Felt[] {
  const tokens = transfers.flatMap(({ token, from, to }) => (from === account || to === account ? [token] : []))
  return [...new Set(tokens)]
}

/** All accounts that transfers name, without the zero address. */
export function partiesOf(transfers: readonly Placed[]): readonly Felt[] {
  return [...new Set(transfers.flatMap(({ from, to }) => [from, to]))].filter((felt) => felt !== ZERO)
}
