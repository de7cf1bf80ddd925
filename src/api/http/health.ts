import { type Static, Type } from 'typebox'
import type { ChainClock } from '../../store/seam/chain-clock.ts'
import { CHAIN_STATES } from '../../store/seam/heartbeat.ts'
import type { Answer } from '../schema/json-schema.ts'
import type { ChainWait, ServedChain } from './deps.ts'

const Block = Type.Object({ number: Type.Integer(), hash: Type.String() })

const InDoubt = Type.Object(
  {
    chain: Type.Boolean({ description: 'True: sums of events of this chain are not answered as proven.' }),
    tokens: Type.Integer({ description: 'Tokens with sums of events that are not answered as proven.' }),
    balances: Type.Integer({ description: 'Balances in doubt: they differ from the chain and are not resolved yet.' }),
    first_look: Type.Boolean({
      description: 'True: nothing of a new chain was compared yet, so all balances are read.',
    }),
    refetching: Type.Optional(
      Type.Integer({ description: 'Logs were missing: all blocks from this one on are still to be fetched again.' }),
    ),
  },
  {
    description:
      'What is in doubt after a comparison with the chain. It is answered by reads until it is resolved. Absent if nothing is in doubt.',
  },
)

const Audit = Type.Object(
  {
    block: Type.Optional(
      Type.Integer({ description: 'The newest head at which the journal was compared with the chain.' }),
    ),
    round_at: Type.Optional(Type.Integer({ description: 'When the last round ended, in Unix seconds.' })),
    error: Type.Optional(Type.String({ description: 'Why the last round failed. Absent if it succeeded.' })),
    failures: Type.Integer({ description: 'Failed rounds since the last successful one.' }),
    checked: Type.Integer({ description: 'Amounts compared or adopted since the indexer started.' }),
    equal: Type.Integer(),
    different: Type.Integer({ description: 'Amounts that differed. Each was investigated.' }),
    unchecked: Type.Integer({ description: 'Amounts that the node could not report.' }),
    repaired: Type.Integer({ description: 'Differences caused by missing logs.' }),
    turned: Type.Integer({ description: 'Tokens reclassified to reads since the indexer started.' }),
    in_doubt: Type.Optional(InDoubt),
  },
  { description: 'Absent until the first round has ended.' },
)

const Accounts = Type.Object(
  {
    followed: Type.Integer({ description: 'Accounts whose balances are answered from their history.' }),
    waiting: Type.Integer({ description: 'Accounts whose history is still to be fetched.' }),
    failures: Type.Integer({ description: 'Failed attempts to fetch histories since the last successful one.' }),
  },
  { description: 'Present on a chain that indexes accounts.' },
)

const Verify = Type.Object(
  {
    checked: Type.Integer({ description: 'Stored balances compared with the chain since the indexer started.' }),
    equal: Type.Integer(),
    different: Type.Integer({ description: 'Balances that differ from the chain: expected to be 0.' }),
    skipped: Type.Integer({ description: 'Balances that could not be compared, or that have no known amount.' }),
  },
  { description: 'A small, continuous sample of the comparisons of steelyard verify. Absent until the first sample.' },
)

const ChainHealth = Type.Object({
  id: Type.String({ description: 'CAIP-2 id.' }),
  kind: Type.String(),
  state: Type.String({
    enum: [...CHAIN_STATES, 'degraded', 'unknown'],
    description:
      'degraded: the chain is indexed, but something is wrong or waited for. It recovers without action. ' +
      'stopped: it does not continue until an operator acts; error says how.',
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
        "Age of the node's newest block, by the block's own timestamp. On a chain with regular blocks, an old head means that the node does not follow the chain. A quiet chain makes no blocks, so this value does not affect the status.",
    }),
  ),
  transfers: Type.Integer(),
  fetched: Type.Optional(
    Type.Object(
      { block: Type.Integer(), transfers: Type.Integer() },
      {
        description:
          'During a bulk load: the last block that was fetched, and the transfers up to it. They are answered once the next part is published.',
      },
    ),
  ),
  accounts: Type.Optional(Accounts),
  audit: Type.Optional(Audit),
  verify: Type.Optional(Verify),
  waiting: Type.Optional(
    Type.Object(
      { for: Type.String(), seconds: Type.Integer({ description: 'How long it has been waiting.' }) },
      { description: 'Present if the indexer has waited for something for more than some seconds.' },
    ),
  ),
  node_warnings: Type.Optional(
    Type.Array(Type.Object({ node: Type.String(), says: Type.String(), at: Type.Integer() }), {
      description:
        'What nodes refused or did wrong within the last day while the chain went on, such as refused batches. at: when it was last reported, in Unix seconds. Absent if there is nothing.',
    }),
  ),
  error: Type.Optional(Type.String({ description: 'What is wrong and how to fix it, with a file name.' })),
})

export const Health = Type.Object(
  {
    status: Type.String({ enum: ['ok', 'degraded'] }),
    version: Type.String(),
    chains: Type.Array(ChainHealth),
  },
  { title: 'Health' },
)
/** The body of `/health`. */
export type Health = Answer<Static<typeof Health>>
type ChainHealth = Health['chains'][number]

/** After this time without a heartbeat an indexer counts as dead. It writes one at each poll. */
const STALLED_SECONDS = 60
/** Where polls are rare, it counts as dead after this many without a heartbeat. */
const STALLED_POLLS = 3
/** After this many failed audit rounds in a row the chain is degraded. That is some minutes. */
const MAX_AUDIT_FAILURES = 10

/**
 * Returns the state of every chain. A chain with an unreadable clock is `unknown`; the function never throws.
 * `degraded`: at least one chain has an error, waits or has stopped. `now` is Unix seconds.
 */
export async function health(chains: readonly ServedChain[], version: string, now: number): Promise<Health> {
  const list = await Promise.all(chains.map((chain) => chainHealth(chain, now)))
  const bad = list.some(({ error, state }) => error !== undefined || ['stopped', 'degraded', 'unknown'].includes(state))
  return { status: bad ? 'degraded' : 'ok', version, chains: list }
}

/** True if every chain has caught up with its node at least once and no chain is in doubt as a whole. */
export async function isReady(chains: readonly ServedChain[]): Promise<boolean> {
  const ready = await Promise.all(
    chains.map((chain) =>
      chain.clock().then(
        (clock) => clock.wasReady && !clock.inDoubt,
        () => false,
      ),
    ),
  )
  return ready.every(Boolean)
}

/** What beside the clock decides on a chain's health. `now`: Unix seconds. `stalledSeconds`: the longest time without a heartbeat. */
type Circumstances = { readonly now: number; readonly stalledSeconds: number; readonly wait: ChainWait | undefined }

async function chainHealth(chain: ServedChain, now: number): Promise<ChainHealth> {
  const { id, kind, pollMs = 0 } = chain
  const stalledSeconds = Math.max(STALLED_SECONDS, (STALLED_POLLS * pollMs) / 1_000)
  try {
    const clock = await chain.clock()
    const told = chain.nodeWarnings?.() ?? []
    const warnings = told.length === 0 ? {} : { node_warnings: [...told] }
    return { id, kind, ...fromClock(clock, { now, stalledSeconds, wait: chain.wait?.() }), ...warnings }
  } catch {
    return { id, kind, state: 'unknown', transfers: 0, error: 'the store cannot be read' }
  }
}

function fromClock(clock: ChainClock, circumstances: Circumstances): Omit<ChainHealth, 'id' | 'kind'> {
  const { published, finalized, head } = clock
  const { now, wait } = circumstances
  const error = errorOf(clock, circumstances)
  return {
    state: clock.state === 'stopped' || error === undefined ? clock.state : 'degraded',
    head: head?.number,
    checkpoint: published && { number: published.number, hash: published.hash },
    finalized: finalized && { number: finalized.number, hash: finalized.hash },
    lag_seconds: published && head && Math.max(0, head.timestamp - published.timestamp),
    head_age_seconds: head && Math.max(0, now - head.timestamp),
    transfers: clock.transfers,
    fetched: fetchedOf(clock.counts),
    accounts: accountsOf(clock.counts),
    audit: auditOf(clock),
    verify: verifyOf(clock.counts),
    waiting: wait && { for: wait.for, seconds: Math.max(0, now - Math.floor(wait.since / 1_000)) },
    error,
  }
}

function fetchedOf({
  fetched_block: block,
  fetched_transfers: transfers,
}: ChainClock['counts']): ChainHealth['fetched'] {
  return block === undefined || transfers === undefined ? undefined : { block, transfers }
}

function errorOf(clock: ChainClock, { now, stalledSeconds, wait }: Circumstances): string | undefined {
  if (clock.error !== undefined) return clock.error
  if (wait !== undefined) return `waiting for ${wait.for}`
  if (clock.doubts.chain || clock.doubts.refetching !== undefined) return incomplete(clock)
  if ((clock.counts.audit_failures ?? 0) >= MAX_AUDIT_FAILURES) return `the audit fails: ${clock.auditError}`
  const silent = clock.beatAt === undefined ? 0 : now - clock.beatAt
  return silent > stalledSeconds ? `the indexer has not reported for ${silent} s` : undefined
}

/** Describes a chain with incomplete events. */
function incomplete({ doubts, published }: ChainClock): string {
  const what = doubts.chain ? 'all balances are read' : 'balances of the affected tokens are read'
  const { refetching } = doubts
  const where = refetching === undefined ? '' : ` (at block ${refetching} of ${published?.number ?? 0})`
  return `a node left out logs: all blocks are fetched again${where}, and ${what} until that is done`
}

function auditOf({ auditError, counts, doubts }: ChainClock): ChainHealth['audit'] {
  const { audited_block: block, audit_round_at: roundAt } = counts
  const { chain, tokens, pairs: balances, refetching, unlooked } = doubts
  const isInDoubt = chain || unlooked || tokens > 0 || balances > 0 || refetching !== undefined
  if (block === undefined && roundAt === undefined && !isInDoubt) return undefined
  const of = (what: string): number => counts[`audit_${what}`] ?? 0
  return {
    block,
    round_at: roundAt,
    error: auditError,
    failures: of('failures'),
    checked: of('checked'),
    equal: of('equal'),
    different: of('different'),
    unchecked: of('unchecked'),
    repaired: of('repaired'),
    turned: of('turned'),
    in_doubt: isInDoubt ? { chain, tokens, balances, first_look: unlooked, refetching } : undefined,
  }
}

function accountsOf({
  accounts_followed: followed,
  accounts_waiting: waiting = 0,
  accounts_failures: failures = 0,
}: ChainClock['counts']): ChainHealth['accounts'] {
  return followed === undefined ? undefined : { followed, waiting, failures }
}

function verifyOf(counts: ChainClock['counts']): ChainHealth['verify'] {
  const of = (what: string): number => counts[`verify_${what}`] ?? 0
  const sample = { checked: of('checked'), equal: of('equal'), different: of('different'), skipped: of('skipped') }
  return sample.checked + sample.skipped === 0 ? undefined : sample
}
