import type { Command } from 'commander'
import { createLog, type LogSink } from '../app/log.ts'
import { readTls } from '../app/read-tls.ts'
import { fixedClassesOf, kindOf } from '../chains/registry.ts'
import type { ChainId } from '../core/chain.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/seam/store.ts'
import type { Counts } from '../verify/comparison.ts'
import { verifyChain } from '../verify/verify-chain.ts'
import type { VerifyProgress } from '../verify/verify-result.ts'
import { MAX_SAMPLE } from '../verify/verify-sample.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { helpText } from './help-text.ts'
import { Ended, EXIT, type Terminal, UsageError } from './outcome.ts'
import { errorScreen, type Screen } from './screen.ts'
import { StatusLine } from './status-line.ts'
import { listenForStop, type StopRequest } from './stop-signal.ts'
import { type ChainReport, jsonReport, overall, type Report, textReport } from './verify-report.ts'
import { candidatesOf, selectTargets, type Target } from './verify-selection.ts'

type VerifyCommandOptions = ConfigChoice & {
  readonly chain?: string
  readonly sample?: number
  readonly token: readonly string[]
  readonly account: readonly string[]
  readonly rpc: readonly string[]
  readonly json?: true
}

const HELP = `
Examples:
  $ steelyard verify
  $ steelyard verify --sample 1000
  $ steelyard verify --chain eip155:1 --token 0xa0b8…
  $ steelyard verify --chain eip155:1 --rpc http://127.0.0.1:9545

Every balance that the journal proves is compared at the newest indexed block, every stored read at its own, with plain
calls of balanceOf, ownerOf, totalSupply and eth_getBalance. It only reads, and may run beside "steelyard serve".

Exit codes: 0 all compared amounts are equal, 1 a difference, a failure, or nothing
to compare, 2 wrong use, 130 stopped by Ctrl-C before the end.`

/** `steelyard verify`: compares the stored balances with the chain. */
export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .description('compare stored balances with the chain, exactly, each at its own block')
    .addOption(configOption())
    .option('--sample <count>', 'only this many balances, picked at random with equal chances', parseSample)
    .option('--token <token>', 'only this token: its address or CAIP-19 name; may be repeated', collect, [])
    .option('--account <address>', 'only this account; may be repeated', collect, [])
    .option('--chain <id>', 'only this chain, such as eip155:1')
    .option('--rpc <url>', 'ask this node instead of the configured ones; may be repeated', collect, [])
    .option('--json', 'one JSON object instead of lines')
    .addHelpText('after', helpText(HELP))
    .action(async (options: VerifyCommandOptions) => {
      const stop = listenForStop()
      try {
        await verify(options, { terminal, stop })
      } finally {
        stop.release()
      }
    })
}

type Surroundings = { readonly terminal: Terminal; readonly stop: StopRequest }

async function verify(options: VerifyCommandOptions, { terminal, stop }: Surroundings): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const { chain, token: tokens, account: accounts, rpc, sample } = options
  const candidates = candidatesOf(config.chains, kindOf)
  const targets = selectTargets(candidates, { chain, tokens, accounts, rpc })
  const progress = new ProgressLine(errorScreen(), () => performance.now())
  const report = (options.json === true ? jsonReport : textReport)(terminal.out)
  const store = await openStore({
    url: config.store,
    create: false,
    codecOf,
    classesOf: (id) => fixedClassesOf(id, config.tokens.accounting),
  })
  const chains: ChainReport[] = []
  try {
    report.begin()
    for (const target of targets) {
      chains.push(await verifyTarget(target, { store, sample, report, progress, signal: stop.signal }))
    }
  } finally {
    progress.clear()
    await store.close()
  }
  report.end(chains)
  const result = overall(chains)
  if (result === 'stopped') throw new Ended(EXIT.stopped)
  if (result !== 'equal') throw new Ended(EXIT.failed)
}

type Means = {
  readonly store: Store
  readonly sample: number | undefined
  readonly report: Report
  readonly progress: ProgressLine
  readonly signal: AbortSignal
}

async function verifyTarget({ chain, createProver, selection }: Target, means: Means): Promise<ChainReport> {
  const { store, sample, report, progress, signal } = means
  if (!(await store.holds(chain.id))) return nothingStored(chain.id)
  const log = createLog({ level: 'warn', sink: progress.sink })
  const warn = (message: string, fields: Readonly<Record<string, unknown>>): void =>
    log.warn({ ...fields, chain: chain.id }, message)
  const begun = performance.now()
  const seconds = (): number => (performance.now() - begun) / 1000
  const reads = await store.openReads(chain.id)
  const parts = { chain: chain.id, rpc: chain.rpc, tls: readTls(chain), warn, memory: reads.learned }
  const prover = createProver(parts)
  const result = await verifyChain({
    sides: { reads, prover, signal },
    selection,
    sample,
    watch: {
      onDifference: (difference) => {
        progress.clear()
        report.difference(chain.id, difference)
      },
      onProgress: (news) => progress.draw(chain.id, news, seconds()),
    },
    now: () => Math.floor(Date.now() / 1000),
    random: Math.random,
  })
  return { ...result, chain: chain.id, seconds: seconds() }
}

const NOTHING: Counts = { checked: 0, equal: 0, different: 0, skipped: {} }

function nothingStored(chain: ChainId): ChainReport {
  const counts = { balance: NOTHING, observation: NOTHING, supply: NOTHING }
  return { chain, result: 'nothing', error: undefined, blocks: [], counts, seconds: 0 }
}

function parseSample(given: string): number {
  const count = /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (count >= 1 && count <= MAX_SAMPLE) return count
  throw new UsageError(`--sample: got ${JSON.stringify(given)}, expected a number from 1 to ${MAX_SAMPLE}`)
}

function collect(given: string, before: readonly string[]): readonly string[] {
  return [...before, given]
}

/** Pause between two draws, in milliseconds. */
const DRAW_MS = 200

/** One line on a terminal that shows the progress. Draws nothing without a terminal. */
class ProgressLine {
  readonly #line: StatusLine
  readonly #now: () => number
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(screen: Screen, now: () => number) {
    this.#line = new StatusLine(screen)
    this.#now = now
  }

  /** Where the log writes: above the line. */
  get sink(): LogSink {
    return this.#line.sink
  }

  draw(chain: ChainId, { checked, different, share }: VerifyProgress, seconds: number): void {
    const at = this.#now()
    if (at - this.#drawnAt < DRAW_MS) return
    this.#drawnAt = at
    const counts = `${checked.toLocaleString('en-US')} compared, ${different.toLocaleString('en-US')} different`
    const rate = seconds > 0 ? `, ${Math.round(checked / seconds).toLocaleString('en-US')}/s` : ''
    this.#line.draw(`${chain} ${Math.floor(share * 100)}% of accounts, ${counts}${rate}`)
  }

  clear(): void {
    this.#line.clear()
  }
}
