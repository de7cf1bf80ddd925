/** The indexer thread of one chain: a composition root of its own, started by `start-indexer.ts`. */
import { setMaxListeners } from 'node:events'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Auditor } from '../audit/auditor.ts'
import { runAudit } from '../audit/run-audit.ts'
import type { AdapterCounts, ChainAdapter, FollowedKind, KindDefinition } from '../chains/adapter.ts'
import { kindOf } from '../chains/registry.ts'
import type { ChainConfig } from '../config/chains.ts'
import { assert } from '../core/assert.ts'
import { assetText } from '../core/asset.ts'
import type { BalanceKey } from '../core/balance.ts'
import { isServiceError } from '../core/errors.ts'
import { nodeLabel } from '../core/url.ts'
import { isFatal } from '../indexer/fatal.ts'
import { Indexer } from '../indexer/indexer.ts'
import type { IndexerOptions } from '../indexer/indexer-options.ts'
import { refreshTokens } from '../indexer/refresh-tokens.ts'
import { runIndexer } from '../indexer/run-indexer.ts'
import { type Wait, WaitReporter, Waits, watchedAdapter } from '../indexer/waits.ts'
import { openStore } from '../store/open.ts'
import type { ChainReads, Journal, Store } from '../store/seam/store.ts'
import type { Difference } from '../verify/comparison.ts'
import { refuteDifference } from '../verify/refute-difference.ts'
import { VerifySampler } from '../verify/sampler.ts'
import { bulkLoadOf } from './bulk-load-of.ts'
import type { Progress } from './progress.ts'
import { readTls } from './read-tls.ts'
import { ALIVE_MS, type FromThread, type ThreadData, type ToThread } from './start-indexer.ts'
import { wantedAccounts } from './wanted-accounts.ts'

/** Failures of the chain's own file. After them, this thread can neither read nor write it. */
const STORE_FAILURES: ReadonlySet<string> = new Set(['STORE_DAMAGED', 'STORE_REPLACED'])

/** A lower priority than the API's thread: a backfill takes only the processor time that answers leave. */
const NICENESS = 19
/** Polls of the head for each round of the sampler, so that sampling adds little load to the node. */
const POLLS_A_SAMPLE = 3
/** Shortest pause between two rounds of the sampler, in milliseconds, however fast the chain is polled. */
const MIN_SAMPLE_PAUSE_MS = 1_000
/**
 * Time limit of the sampler for one of several nodes, in milliseconds. After it, the sampler asks another node; some
 * tries fit in a round.
 */
const SAMPLE_TIMEOUT_MS = 5_000
/** Pause between two attempts to open a chain that another process writes, or that has a full disk, in milliseconds. */
const OPEN_PAUSE_MS = 1_000

const port = parentPort
assert(port !== null, 'this module is a thread')
const data = workerData as ThreadData
const stopping = new AbortController()
// Every open request of the backfill, the audit and the tokens listens to this signal, so many listeners are no leak.
setMaxListeners(0, stopping.signal)
/** Passes a balance to the audit. Does nothing before the audit exists. */
let compare: (key: BalanceKey) => void = () => undefined
port.on('message', (message: ToThread) => {
  if (message === 'stop') stopping.abort()
  else compare(message.key)
})

const post = (message: FromThread): void => port.postMessage(message)
type Fields = Readonly<Record<string, unknown>>
const log = (level: 'info' | 'warn' | 'error', message: string, fields: Fields): void =>
  post({ type: 'log', level, message, fields: { ...fields, chain: data.chain.id } })
const time = (): number => Math.floor(Date.now() / 1000)

const waits = new Waits(Date.now)
const reporter = new WaitReporter(waits, sayWait)
const alive = setInterval(() => {
  post({ type: 'alive' })
  reporter.look()
}, ALIVE_MS)

// On Linux each thread has its own priority, and this call sets that of the calling thread.
if (process.platform === 'linux') setPriority(NICENESS)

await main(data.chain)
clearInterval(alive)
port.close()

async function main(chain: ChainConfig): Promise<void> {
  const kind = kindOf(chain.id)
  assert(kind?.source === 'nodes', 'an indexed chain has a kind with nodes')
  const opened = await openWhenPossible(chain, kind)
  if (opened === undefined) return
  const { store, journal, reads } = opened
  try {
    const { adapter, counts } = kind.createAdapter({
      chain: chain.id,
      rpc: chain.rpc,
      finality: chain.finality,
      tls: readTls(chain),
      warn: (message, fields) => log('warn', message, fields),
      onHead: (block, at) => post({ type: 'head', block, at }),
      memory: reads.learned,
    })
    const wanted = () => wantedAccounts(store, { chain, kind })
    await follow({ journal, reads, adapter, counts, kind, chain, wanted })
  } finally {
    await journal.close()
    await store.close()
  }
}

type ThreadDeps = {
  readonly journal: Journal
  readonly reads: ChainReads
  readonly adapter: ChainAdapter
  readonly counts: AdapterCounts
  readonly kind: Extract<KindDefinition, FollowedKind>
  readonly chain: ChainConfig
  readonly wanted: () => Promise<readonly string[]>
}

async function follow({ journal, reads, adapter, counts, kind, chain, wanted }: ThreadDeps): Promise<void> {
  // The tasks beside the indexer end with the chain, not before.
  const ended = new AbortController()
  const beside = AbortSignal.any([stopping.signal, ended.signal])
  setMaxListeners(0, beside)
  const { signal } = stopping
  const { coverage } = journal
  const now = () => performance.now()
  const audit = new Auditor({
    adapter,
    journal,
    reads,
    coverage,
    zeroAddress: kind.accountCodec.zeroAddress,
    now,
    time,
    log,
  })
  compare = (key) => audit.compare([key])
  const sampler = samplerOf({ reads, kind, chain }, audit)
  const watched = watchedAdapter(adapter, waits, chain.rpc.map(nodeLabel).join(', '))
  const indexer = new Indexer({
    audit,
    bulk: bulkLoadOf({ journal, chain: chain.id, codec: kind.accountCodec, log }, watched),
    adapter: watched,
    journal,
    observations: reads.observations,
    wanted,
    wholeRanges: kind.wholeRanges,
    now,
    time,
    log,
    report: reporterOf(chain, reads),
    onBeat: (beat) => post({ type: 'beat', beat }),
    counts: () => ({ ...counts, ...sampler?.counts() }),
  })
  // A new chain starts in doubt: nothing is proven before the audit has compared it once.
  if ((await journal.state()).written === undefined) await journal.doubts.refute('all')
  const tokens = refreshTokens({ adapter, reads, time, log, signal: beside })
  const audits = runAudit({ auditor: audit, log }, beside)
  const pollMs = chain.pollMs ?? kind.pollMs
  const samples = sampler?.run(Math.max(MIN_SAMPLE_PAUSE_MS, POLLS_A_SAMPLE * pollMs), beside)
  const fatal = await runIndexer({ indexer, pollMs, log, signal })
  ended.abort()
  if (fatal !== undefined && STORE_FAILURES.has(fatal.code)) stopForGood(fatal)
  // A chain that stopped for good waits here until the process is told to stop. Its state stays readable.
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await Promise.all([tokens, audits, samples])
}

/**
 * Reports progress to the main thread. The first report after the chain has caught up includes the number of all stored
 * transfers.
 */
function reporterOf(chain: ChainConfig, reads: ChainReads): IndexerOptions['report'] {
  let isLive = false
  const say = (progress: Progress): void => post({ type: 'progress', progress })
  return (report) => {
    const progress = { chain: chain.id, first: chain.from, ...report }
    const becomesLive = report.state === 'live' && !isLive
    isLive = report.state === 'live'
    if (!becomesLive) return say(progress)
    reads.clock().then(
      ({ transfers }) => say({ ...progress, stored: transfers }),
      () => say(progress),
    )
  }
}

function sayWait(wait: Wait | undefined): void {
  post({ type: 'waiting', wait })
  if (wait === undefined) log('info', 'no longer waiting', {})
  else log('warn', 'the chain does not advance: waiting', { for: wait.for })
}

/**
 * A sampler that compares a few stored balances with the chain while the chain is followed; undefined if the kind has
 * no prover.
 */
function samplerOf(
  { reads, kind, chain }: Pick<ThreadDeps, 'reads' | 'kind' | 'chain'>,
  audit: Auditor,
): VerifySampler | undefined {
  const prover = kind.createProver?.({
    chain: chain.id,
    rpc: chain.rpc,
    tls: readTls(chain),
    warn: (message, fields) => log('warn', message, fields),
    memory: reads.learned,
    ...(chain.rpc.length > 1 ? { timeoutMs: SAMPLE_TIMEOUT_MS } : {}),
  })
  if (prover === undefined) return undefined
  return new VerifySampler({
    reads,
    prover,
    random: Math.random,
    onDifference: async (difference, isFirst) => {
      if (isFirst) logDifference(chain, difference)
      await refuteDifference({ observations: reads.observations, audit }, difference)
    },
    onFailure: (error) => log('warn', 'cannot sample balances, will try again', { error: String(error) }),
  })
}

function logDifference(chain: ChainConfig, difference: Difference): void {
  const { subject, account, asset, item, block, stored, chainAmount: chainSays, accounting } = difference
  log('error', 'A STORED BALANCE DIFFERS FROM THE CHAIN: run steelyard verify', {
    subject,
    account,
    asset: assetText(chain.id, asset),
    item,
    block: block.number,
    hash: block.hash,
    stored: stored.toString(),
    chain_says: chainSays.toString(),
    accounting,
  })
}

type Opened = { readonly store: Store; readonly journal: Journal; readonly reads: ChainReads }

/**
 * Opens the chain, and waits as long as it takes for the lease or for room on the disk. Undefined if told to stop
 * meanwhile, or if the chain stops for good.
 */
async function openWhenPossible(chain: ChainConfig, kind: KindDefinition): Promise<Opened | undefined> {
  let said = ''
  while (!stopping.signal.aborted) {
    try {
      const opened = await open(chain, kind)
      if (said !== '') log('info', 'the chain can be written again', {})
      post({ type: 'waiting', wait: undefined })
      return opened
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (isFatal(error)) {
        log('error', 'this chain stops', { error: message })
        stopForGood(error)
        return undefined
      }
      if (said === '') log('warn', 'waiting for the chain to be free', { error: message })
      if (said !== message) post({ type: 'waiting', wait: { for: waitFor(error, message), since: Date.now() } })
      said = message
      await sleep(OPEN_PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  return undefined
}

function waitFor(error: unknown, message: string): string {
  return isServiceError(error, 'LEASE_HELD') ? 'another process that writes this chain' : message
}

async function open(chain: ChainConfig, kind: KindDefinition): Promise<Opened> {
  const store = await openStore({
    url: data.store,
    loadFolder: data.loadFolder,
    codecOf: () => kind.accountCodec,
    classesOf: () => data.fixedAccounting,
  })
  try {
    const journal = await store.openJournal(chain.id, { scope: chain.scope, from: chain.from }, stopForGood)
    post({ type: 'leased' })
    try {
      return { store, journal, reads: await store.openReads(chain.id, stopForGood) }
    } catch (error) {
      await journal.close()
      throw error
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Ends this thread for a reason that only an operator can remove. Also called when any read or write finds damage. */
function stopForGood(error: unknown): void {
  if (stopping.signal.aborted) return
  const message = error instanceof Error ? error.message : String(error)
  post({ type: 'stopped', code: isServiceError(error) ? error.code : undefined, error: message })
  stopping.abort()
}
