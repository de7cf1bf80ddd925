import { bareLimit } from './bare-limit.ts'
import { type ChainShape, createGenerator, type Generator } from './chain/generator.ts'
import { createRenderer } from './chain/render.ts'
import type { GeneratedNode } from './chain/start.ts'
import { type Expected, type Names, servedBalances } from './expected.ts'
import type { BenchServer } from './server.ts'
import { starknetBalances } from './starknet/balances.ts'
import { starknetBareLimit } from './starknet/bare-limit.ts'
import { createStarknetGenerator } from './starknet/generator.ts'
import { createStarknetRenderer, padded } from './starknet/render.ts'

/** A generated chain of one kind, as the benchmark of ingest needs it. */
export type BenchKind = {
  /** Its CAIP-2 id. */
  readonly chain: string
  readonly generator: Generator
  readonly names: Names
  /** Accounts that are checked besides the sample. */
  readonly hotAccounts: readonly number[]
  /** Transfers a second that this machine can fetch and parse, from the first ones of the chain. */
  readonly bareLimit: (node: GeneratedNode, transfers: number) => Promise<number>
  /** Every fungible balance of an account as served. */
  readonly served: (server: BenchServer, account: string) => Promise<Expected>
}

/** The kinds by the word of the option `--kind`. */
export const BENCH_KINDS = {
  evm: (shape: ChainShape): BenchKind => {
    const generator = createGenerator(shape)
    return {
      chain: 'eip155:1',
      generator,
      names: createRenderer(generator),
      hotAccounts: [],
      bareLimit,
      served: ({ url }, account) => servedBalances(url, 1, account),
    }
  },
  starknet: (shape: ChainShape): BenchKind => {
    const generator = createStarknetGenerator(shape)
    const { tokenFelt, accountFelt } = createStarknetRenderer(generator)
    return {
      chain: 'starknet:SN_MAIN',
      generator,
      names: {
        tokenAddress: (token) => padded(tokenFelt(token)),
        accountAddress: (account) => padded(accountFelt(account)),
      },
      hotAccounts: [generator.sequencer],
      bareLimit: (node, transfers) => starknetBareLimit(node, transfers, shape.perBlock),
      served: starknetBalances,
    }
  },
} as const
