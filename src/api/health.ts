import { type Static, Type } from 'typebox'
import { CHAIN_STATES, type ChainClock } from '../store/store.ts'
import type { ChainWait, ServedChain } from './deps.ts'
import type { Answer } from './json-schema.ts'

const Block = Type.Object({ number: Type.Integer(), hash: Type.String() })

const Audit = Type.Object(
  {
    block: Type.Integer({ description: 'The newest head at which the journal was compared with the chain.' }),
    checked: Type.Integer({ description: 'Amounts compared or adopted since the indexer started.' }),
    equal: Type.Integer(),
    different: Type.Integer({ description: 'Amounts that differed, each looked into.' }),
    unchecked: Type.Integer({ description: 'Amounts that the node could not tell.' }),
    repaired: Type.Integer({ description: 'Differences that missing logs explained.' }),
    turned: Type.Integer({ description: 'Tokens whose balances only reads tell, found since the indexer started.' }),
  },
  { description: 'Absent until a head was audited.' },
)

const Verify = Type.Object(
  {
    checked: Type.Integer({ description: 'Stored balances held against the chain since the indexer started.' }),
    equal: Type.Integer(),
    different: Type.Integer({ description: 'Those that are not what the chain says: there should be none.' }),
    skipped: Type.Integer({ description: 'Those that could not be compared, or that make no claim.' }),
  },
  { description: 'A small sample of what steelyard verify compares, drawn all the time. Absent until one was drawn.' },
)

const ChainHealth = Type.Object({
  id: Type.String({ description: 'CAIP-2 id.' }),
  kind: Type.String(),
  state: Type.String({
    enum: [...CHAIN_STATES, 'degraded', 'unknown'],
    description:
      'degraded: followed, but something is wrong or waited for, and it goes on by itself once that has passed. ' +
      'stopped: it does not go on before somebody acts, as error says.',
  }),
  head: Type.Optional(Type.Integer({ description: "The node's newest block, as last seen." })),
  checkpoint: Type.Optional(Block),
  finalized: Type.Optional(Block),
  lag_seconds: Type.Optional(
    Type.Integer({ description: 'How far the checkpoint is behind the head, in chain time.' }),
  ),
  head_age_seconds: Type.Optional(
    Type.Integer({
      description:
        "How long ago the node's newest block was made, by its own time. Where blocks come steadily, an old head is a node that stands still; a quiet chain makes none, so nothing is judged by it.",
    }),
  ),
  transfers: Type.Integer(),
  audit: Type.Optional(Audit),
  verify: Type.Optional(Verify),
  waiting: Type.Optional(
    Type.Object(
      { for: Type.String(), seconds: Type.Integer({ description: 'How long it has been waiting.' }) },
      { description: 'Where the indexer has waited for something for more than some seconds.' },
    ),
  ),
  error: Type.Optional(Type.String({ description: 'What is wrong and what to do about it, with the name of a file.' })),
})

export const Health = Type.Object(
  {
    status: Type.String({ enum: ['ok', 'degraded'] }),
    version: Type.String(),
    chains: Type.Array(ChainHealth),
  },
  { title: 'Health' },
)
export type Health = Answer<Static<typeof Health>>
type ChainHealth = Health['chains'][number]

/** An indexer beats every few seconds; one that has been silent for this long is taken for dead. */
const SILENT_SECONDS = 60

/**
 * How every chain is. A chain whose clock cannot be read is `unknown`; it never throws. `degraded`: at least one chain
 * has an error, waits or has stopped. `now` is Unix seconds.
 */
export async function health(chains: readonly ServedChain[], version: string, now: number): Promise<Health> {
  const list = await Promise.all(chains.map((chain) => chainHealth(chain, now)))
  const bad = list.some(({ error, state }) => error !== undefined || ['stopped', 'degraded', 'unknown'].includes(state))
  return { status: bad ? 'degraded' : 'ok', version, chains: list }
}

/** True once every chain has caught up with its node at least once. */
export async function isReady(chains: readonly ServedChain[]): Promise<boolean> {
  const ready = await Promise.all(
    chains.map((chain) =>
      chain.clock().then(
        (clock) => clock.wasReady,
        () => false,
      ),
    ),
  )
  return ready.every(Boolean)
}

async function chainHealth(chain: ServedChain, now: number): Promise<ChainHealth> {
  const { id, kind } = chain
  try {
    return { id, kind, ...fromClock(await chain.clock(), { now, wait: chain.wait?.() }) }
  } catch {
    return { id, kind, state: 'unknown', transfers: 0, error: 'the store cannot be read' }
  }
}

function fromClock(
  clock: ChainClock,
  { now, wait }: { readonly now: number; readonly wait: ChainWait | undefined },
): Omit<ChainHealth, 'id' | 'kind'> {
  const { published, finalized, head } = clock
  const error = errorOf(clock, { now, wait })
  return {
    state: clock.state === 'stopped' || error === undefined ? clock.state : 'degraded',
    head: head?.number,
    checkpoint: published && { number: published.number, hash: published.hash },
    finalized: finalized && { number: finalized.number, hash: finalized.hash },
    lag_seconds: published && head && Math.max(0, head.timestamp - published.timestamp),
    head_age_seconds: head && Math.max(0, now - head.timestamp),
    transfers: clock.transfers,
    audit: auditOf(clock.counts),
    verify: verifyOf(clock.counts),
    waiting: wait && { for: wait.for, seconds: Math.max(0, now - Math.floor(wait.since / 1_000)) },
    error,
  }
}

function errorOf(
  clock: ChainClock,
  { now, wait }: { readonly now: number; readonly wait: ChainWait | undefined },
): string | undefined {
  if (clock.error !== undefined) return clock.error
  if (wait !== undefined) return `waiting for ${wait.for}`
  const silent = clock.beatAt !== undefined && now - clock.beatAt > SILENT_SECONDS
  return silent ? 'the indexer has been silent for over a minute' : undefined
}

function auditOf(counts: ChainClock['counts']): ChainHealth['audit'] {
  const block = counts.audited_block
  if (block === undefined) return undefined
  const of = (what: string): number => counts[`audit_${what}`] ?? 0
  return {
    block,
    checked: of('checked'),
    equal: of('equal'),
    different: of('different'),
    unchecked: of('unchecked'),
    repaired: of('repaired'),
    turned: of('turned'),
  }
}

function verifyOf(counts: ChainClock['counts']): ChainHealth['verify'] {
  const of = (what: string): number => counts[`verify_${what}`] ?? 0
  const sample = { checked: of('checked'), equal: of('equal'), different: of('different'), skipped: of('skipped') }
  return sample.checked + sample.skipped === 0 ? undefined : sample
}
