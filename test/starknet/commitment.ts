import { pedersen, poseidonHash, poseidonHashMany } from '@scure/starknet'
import { FIELD_PRIME } from '../../src/chains/starknet/words/felt.ts'
import { eventsOf, type StarknetBlock } from '../../src/demo/starknet/state.ts'

/** An event of a block, with felts in any spelling. */
export type CommittedEvent = {
  readonly transactionHash: string
  readonly from_address: string
  readonly keys: readonly string[]
  readonly data: readonly string[]
}

/** A hash of two felts. */
type Hash = (a: bigint, b: bigint) => bigint

/** Levels of the tree: the leaves are numbered by 64 bits. */
const HEIGHT = 64
/** The version of Starknet that headers of simulated blocks name. */
const SIMULATED_VERSION = '0.14.1'

/**
 * The commitment of a block's events, as a minimal felt: the root of a Patricia tree whose leaf n is the hash of event
 * n. Since Starknet 0.13.2 leaves and nodes are hashed by Poseidon, before that by Pedersen and without the
 * transaction's hash. Source: https://docs.starknet.io/learn/protocol/blocks
 */
export function eventCommitment(events: readonly CommittedEvent[], starknetVersion: string): string {
  const isEarly = isBefore(starknetVersion, [0, 13, 2])
  const root = isEarly ? pedersenRoot(events) : rootOf(events.map(poseidonLeaf), poseidonHash)
  return `0x${root.toString(16)}`
}

/** The commitment of the events of a simulated block. */
export function commitmentOf(block: StarknetBlock): string {
  const events = eventsOf(block).map(({ event: { address, keys, data }, transaction }) => {
    return { transactionHash: transaction.hash, from_address: address, keys, data }
  })
  return eventCommitment(events, SIMULATED_VERSION)
}

function isBefore(version: string, other: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, part] of other.entries()) {
    const own = parts[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

function poseidonLeaf({ transactionHash, from_address, keys, data }: CommittedEvent): bigint {
  const counted = [[from_address], [transactionHash], [keys.length, ...keys], [data.length, ...data]]
  return poseidonHashMany(counted.flat().map(BigInt))
}

/** Pedersen takes a millisecond, and events repeat their first elements: hashes are remembered for one block. */
function pedersenRoot(events: readonly CommittedEvent[]): bigint {
  const known = new Map<string, bigint>()
  const hash: Hash = (a, b) => {
    const key = `${a} ${b}`
    const result = known.get(key) ?? BigInt(pedersen(a, b))
    known.set(key, result)
    return result
  }
  /** The hash of a list: its elements chained from 0, then their number. */
  const chain = (elements: readonly bigint[]): bigint =>
    hash(
      elements.reduce((sum, element) => hash(sum, element), 0n),
      BigInt(elements.length),
    )
  const leaf = ({ from_address, keys, data }: CommittedEvent): bigint =>
    chain([BigInt(from_address), chain(keys.map(BigInt)), chain(data.map(BigInt))])
  return rootOf(events.map(leaf), hash)
}

/** The lowest node of a subtree that has one, and how many levels above it have only one child. */
type Subtree = { readonly bottom: bigint; readonly levels: number }

function rootOf(leaves: readonly bigint[], hash: Hash): bigint {
  const top = subtreeOf(leaves, HEIGHT, hash)
  return top === undefined ? 0n : nodeOf(top, hash)
}

/** The leaves are numbered from 0 without gaps, so an only child is always the left one, and paths are zero. */
function subtreeOf(leaves: readonly bigint[], height: number, hash: Hash): Subtree | undefined {
  const [first] = leaves
  if (first === undefined) return undefined
  if (height === 0) return { bottom: first, levels: 0 }
  const half = 2 ** (height - 1)
  const left = subtreeOf(leaves.slice(0, half), height - 1, hash)
  const right = subtreeOf(leaves.slice(half), height - 1, hash)
  if (left === undefined) return undefined
  if (right === undefined) return { bottom: left.bottom, levels: left.levels + 1 }
  return { bottom: hash(nodeOf(left, hash), nodeOf(right, hash)), levels: 0 }
}

function nodeOf({ bottom, levels }: Subtree, hash: Hash): bigint {
  return levels === 0 ? bottom : (hash(bottom, 0n) + BigInt(levels)) % FIELD_PRIME
}
