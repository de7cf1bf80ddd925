import type { ChiaChain } from './chain.ts'
import type { Fields } from './node-failure.ts'

/** How a node is set up. The limits are a real node's unless a test sets others. */
export type ChiaNodeOptions = {
  /** The network that it says it is of. */
  readonly network?: string
  /** Its newest block is this many blocks below the chain's. */
  readonly lag?: number
  /** It reads this many hints of a puzzle hash, and no more, before any other filter. */
  readonly hintRows?: number
  /** Most values of one look-up: SQLite's default build takes 32,766 variables, and two are for other filters. */
  readonly sqlVariables?: number
  /** Sends lists in pages of so many coins, as endpoints that are compatible with coinset.org do. */
  readonly pageRows?: number
  /** It has no spends of blocks, although it has the coins that they removed. */
  readonly omitsSpends?: boolean
  /** Names nothing but the text of a failure, as older nodes do. */
  readonly plainFailures?: boolean
}

/** The chain behind a node. */
export type NodeChain = Pick<
  ChiaChain,
  'height' | 'genesisChallenge' | 'at' | 'find' | 'spendsOf' | 'changesOf' | 'coinsBy' | 'coinsByHint' | 'spendOf'
>

/** A node's view of a chain. */
export type View = {
  readonly chain: NodeChain
  /** The number of the newest block that it shows. */
  readonly top: number
  readonly options: Required<
    Pick<ChiaNodeOptions, 'network' | 'hintRows' | 'sqlVariables' | 'pageRows' | 'omitsSpends'>
  >
}

/** Answers a call: the fields of the answer besides `success`. @throws NodeFailure */
export type AnswerOf = (view: View, request: Fields) => Fields
