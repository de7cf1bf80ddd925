import { Gauge, type Registry } from 'prom-client'
import type { ChainId } from './core/chain.ts'
import type { LedgerHandle } from './start-ledger.ts'

const COUNTS: readonly {
  readonly name: string
  readonly help: string
  readonly of: (ledger: LedgerHandle) => number
}[] = [
  {
    name: 'steelyard_ledger_operations',
    help: 'Operations written by this process since it started.',
    of: (ledger) => ledger.writes().operations,
  },
  {
    name: 'steelyard_ledger_commits',
    help: 'Durable commits of this process since it started: each waits once for the disk.',
    of: (ledger) => ledger.writes().commits,
  },
  {
    name: 'steelyard_ledger_checkpoints',
    help: 'Copies of the write-ahead log into the file since the start: each waits for the disk up to three times.',
    of: (ledger) => ledger.writes().checkpoints,
  },
  {
    name: 'steelyard_ledger_checkpoints_failed',
    help: 'Copies of the write-ahead log into the file that failed since the start: nothing is lost, but the log grows.',
    of: (ledger) => ledger.writes().checkpointsFailed,
  },
  {
    name: 'steelyard_ledger_waiting',
    help: 'Operations that wait for their commit now.',
    of: (ledger) => ledger.ledger.waiting,
  },
]

/** Adds what the ledgers do to a registry. */
export function collectLedgerMetrics(
  registry: Registry,
  ledgers: readonly { readonly chain: ChainId; readonly ledger: LedgerHandle }[],
): void {
  for (const { name, help, of } of COUNTS) {
    const gauge: Gauge<'chain'> = new Gauge({
      name,
      help,
      labelNames: ['chain'],
      registers: [registry],
      collect: () => {
        for (const { chain, ledger } of ledgers) gauge.set({ chain }, of(ledger))
      },
    })
  }
}
