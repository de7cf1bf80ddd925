import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { AppConfig } from '../app/app-config.ts'
import { kindOf } from '../chains/registry.ts'
import type { BlockRef } from '../core/block.ts'
import type { ChainId } from '../core/chain.ts'
import { ServiceError } from '../core/errors.ts'
import {
  fieldsOf,
  isAssetName,
  isAssetSymbol,
  isLedgerId,
  MAX_ASSET_NAME_CHARACTERS,
  MAX_ASSET_SYMBOL_CHARACTERS,
  MAX_LEDGER_ID_CHARACTERS,
  type Operation,
} from '../core/operation.ts'
import { ClockGuard, readClocks } from '../ledger/clock-guard.ts'
import { commitGroup, outcomeOf } from '../ledger/group-commit.ts'
import { genesisOf } from '../ledger/record.ts'
import { verifyLedger } from '../ledger/verify.ts'
import { openStore } from '../store/open.ts'
import type { AuditedBlock, LedgerFault } from '../store/seam/ledger-store.ts'
import type { Store } from '../store/seam/store.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { csvLine } from './csv.ts'
import { helpText } from './help-text.ts'
import { type Terminal, UsageError } from './outcome.ts'

/**
 * `steelyard ledger register|verify|export|accept-clock`: works on the issuer's record, with or without a running
 * server.
 */
export function addLedger(program: Command, terminal: Terminal): void {
  const ledger = program
    .command('ledger')
    .description('register assets and wallets, verify the record, or export it')
    .addHelpText('after', helpText(HELP))
  addRegister(ledger, terminal)
  addVerify(ledger, terminal)
  addExport(ledger, terminal)
  addAcceptClock(ledger, terminal)
}

const HELP = `
The ledger is the chain ledger:<name> of the configuration. To mint, transfer and burn, use the API of a server.
All of these commands may run while "steelyard serve" writes the same ledger: no command locks it for long.

Examples:
  $ steelyard ledger register asset UKGILT2030 --name "UK Gilt 2030"
  $ steelyard ledger register wallet 0xDEF456
  $ steelyard ledger verify
  $ steelyard ledger export > record.csv`

function addRegister(ledger: Command, terminal: Terminal): void {
  const register = ledger
    .command('register')
    .description('register an asset or a wallet; registering the same again is no error')
  register
    .command('asset')
    .description('an asset that can be minted')
    .argument('<asset-id>', 'any text of 1 to 256 characters', parseId)
    .option('--name <name>', `for people, 1 to ${MAX_ASSET_NAME_CHARACTERS} characters`, parseName)
    .option('--symbol <symbol>', `for people, short: 1 to ${MAX_ASSET_SYMBOL_CHARACTERS} characters`, parseSymbol)
    .option('--reissue', 'the asset may be minted more than once', false)
    .addOption(configOption())
    .action(async (assetId: string, options: ConfigChoice & { name?: string; symbol?: string; reissue: boolean }) => {
      const { name, symbol, reissue } = options
      const kind = 'register_asset' as const
      await registerOne(options, terminal, { kind, assetId, name, symbol, reissue })
    })
  register
    .command('wallet')
    .description('a wallet that can receive, if dialects.abc-labs.strict_wallets is set')
    .argument('<wallet>', 'any text of 1 to 256 characters', parseId)
    .addOption(configOption())
    .action(async (wallet: string, options: ConfigChoice) => {
      await registerOne(options, terminal, { kind: 'register_wallet', wallet })
    })
}

async function registerOne(choice: ConfigChoice, terminal: Terminal, operation: Operation): Promise<void> {
  await withLedger({ choice, terminal, create: true }, async ({ store, chain }) => {
    const journal = await store.ledgers.openJournal(chain, genesisOf(chain, now()))
    try {
      const request = { operation, idempotency: undefined }
      const clock = new ClockGuard({ read: readClocks, accepted: () => journal.acceptedClock() })
      const mayStamp = (last: number): void => clock.mayStamp(last)
      const [settled] = await commitGroup(journal, [request], {
        rules: { strictWallets: false },
        now: clock.now(),
        mayStamp,
      })
      const outcome = outcomeOf(settled)
      if (!outcome.accepted) {
        throw new UsageError('it is already registered with another name, symbol or reissue, which cannot be changed')
      }
      const { created, block } = outcome.receipt
      terminal.err(
        created ? `Registered in block ${block.number}.\n` : `Already registered, in block ${block.number}.\n`,
      )
      terminal.out(`${block.hash}\n`)
    } finally {
      await journal.close()
    }
  })
}

function addVerify(ledger: Command, terminal: Terminal): void {
  ledger
    .command('verify')
    .description('verify the whole record: every hash, balance, supply and derived row')
    .option('--anchor <number:hash>', 'a block noted earlier and kept elsewhere, may be repeated', parseAnchor, [])
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nDecides every operation again and compares its hash, sums all balances and supplies again, and compares every other' +
          '\ntable with a new copy in a temporary folder (TMPDIR), which takes about as much space as the ledger.' +
          '\nAnyone who can rewrite the file can rewrite all of it, including the hashes. So note the last block, which this' +
          '\nprints, in another place, and give it with --anchor next time.' +
          '\n\nExit code 1 if anything differs. Each line on standard output names a block and the fault.',
      ),
    )
    .action(async (options: ConfigChoice & { anchor: readonly BlockRef[] }) => {
      const { operations, head, faults } = await withLedger({ choice: options, terminal, create: false }, (target) =>
        verify(target, options.anchor),
      )
      for (const fault of faults) terminal.out(`${faultLine(fault)}\n`)
      if (faults.length > 0) throw new ServiceError('STORE_MISMATCH', 'the record has faults')
      terminal.err(`${operations} operations: every hash, balance and supply agrees. Note the last block:\n`)
      terminal.out(`${head?.number ?? 0}:${head?.hash ?? ''}\n`)
    })
}

async function verify({ store, chain }: OpenLedger, anchors: readonly BlockRef[]) {
  const folder = mkdtempSync(join(tmpdir(), 'steelyard-verify-'))
  const replica = await openStore({ url: `sqlite:${folder}` })
  try {
    const audit = await store.ledgers.openAudit(chain)
    try {
      return await verifyLedger({ audit, chain, anchors, replica: replica.ledgers })
    } finally {
      await audit.close()
    }
  } finally {
    await replica.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function addAcceptClock(ledger: Command, terminal: Terminal): void {
  ledger
    .command('accept-clock')
    .description('confirm that the system clock is right, after it jumped and the ledger rejects operations')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nA block keeps its time forever. So the ledger writes nothing after the clock jumped by more than a day, or while' +
          '\nthe last block is more than a day ahead of the clock. If the clock is wrong, correct it instead: then there is' +
          '\nnothing to confirm. A running server sees the confirmation within a second.',
      ),
    )
    .action(async (choice: ConfigChoice) => {
      await withLedger({ choice, terminal, create: false }, async ({ store, chain }) => {
        const { chain: reads } = await store.ledgers.openReads(chain)
        const clocks = readClocks()
        const last = (await reads.clock()).published?.timestamp ?? 0
        await store.ledgers.acceptClock({ ...clocks, through: last })
        const time = (seconds: number): string => new Date(seconds * 1_000).toISOString()
        terminal.err(`Accepted: it is ${time(clocks.wall)}, and the time of the last block is ${time(last)}.\n`)
      })
    })
}

function faultLine({ block, says }: LedgerFault): string {
  return block === undefined ? says : `block ${block}: ${says}`
}

const COLUMNS = [
  ...['number', 'hash', 'parent', 'time', 'kind', 'serial', 'asset_id', 'from_wallet', 'to_wallet', 'amount'],
  ...['name', 'symbol', 'reissue', 'request_digest'],
]

function addExport(ledger: Command, terminal: Terminal): void {
  ledger
    .command('export')
    .description('write the record as CSV to standard output: one line per block, oldest first')
    .option('--spreadsheet', 'put an apostrophe before text that a spreadsheet would read as a formula', false)
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        `\nColumns: ${COLUMNS.join(', ')}.` +
          '\nBlock 0, the first block of the record, has no operation; every later block has one.' +
          '\nRFC 4180 with CRLF. Ids are exactly as given, so a spreadsheet may calculate one that begins with = + - or @:' +
          '\nopen only files written with --spreadsheet there. Hash and parent can be recomputed from the chain id and columns.',
      ),
    )
    .action(async (options: ConfigChoice & { spreadsheet: boolean }) => {
      await withLedger({ choice: options, terminal, create: false }, async ({ store, chain }) => {
        const audit = await store.ledgers.openAudit(chain)
        try {
          terminal.out(csvLine(COLUMNS, options))
          for await (const block of audit.blocks()) {
            if (!('header' in block)) throw new ServiceError('STORE_MISMATCH', faultLine(block))
            terminal.out(csvLine(cellsOf(block), options))
          }
        } finally {
          await audit.close()
        }
      })
    })
}

/** A block's cells. Block 0 has only the cells up to its time. */
function cellsOf({ header, recorded, keyDigest }: AuditedBlock): readonly (string | undefined)[] {
  const time = `${new Date(header.timestamp * 1_000).toISOString().slice(0, 19)}Z`
  const target = [String(header.number), header.hash, header.parentHash, time]
  if (recorded === undefined) return COLUMNS.map((_, at) => target[at])
  const { kind, assetId, from, to, amount, name, symbol, reissue } = fieldsOf(recorded.operation)
  const said = [kind, String(recorded.serial), assetId, from, to, amount?.toString(), name, symbol, reissue?.toString()]
  return [...target, ...said, keyDigest]
}

type OpenLedger = { readonly store: Store; readonly chain: ChainId }

/**
 * Opens the store with the configured ledger.
 * @throws UsageError no ledger is configured; STORE_MISSING `create` is false and there is no store
 */
async function withLedger<T>(
  { choice, terminal, create }: { choice: ConfigChoice; terminal: Terminal; create: boolean },
  work: (target: OpenLedger) => Promise<T>,
): Promise<T> {
  const config = readConfigAloud(choice, terminal, { needsChains: false })
  const chain = ledgerOf(config)
  const store = await openStore({ url: config.store, create })
  try {
    return await work({ store, chain })
  } finally {
    await store.close()
  }
}

function ledgerOf({ chains }: AppConfig): ChainId {
  const ledger = chains.find(({ id }) => kindOf(id)?.source === 'own')
  if (ledger === undefined) throw new UsageError('no ledger is configured; under chains it is "- id: ledger:main"')
  return ledger.id
}

/** The rule of `isLabel`, in words. */
const LABEL_RULE = 'not blank, no control or direction characters.'

function parseId(given: string): string {
  if (isLedgerId(given)) return given
  throw new InvalidArgumentError(`expected 1 to ${MAX_LEDGER_ID_CHARACTERS} characters, ${LABEL_RULE}`)
}

function parseName(given: string): string {
  if (isAssetName(given)) return given
  throw new InvalidArgumentError(`expected 1 to ${MAX_ASSET_NAME_CHARACTERS} characters, ${LABEL_RULE}`)
}

function parseSymbol(given: string): string {
  if (isAssetSymbol(given)) return given
  throw new InvalidArgumentError(`expected 1 to ${MAX_ASSET_SYMBOL_CHARACTERS} characters, ${LABEL_RULE}`)
}

function parseAnchor(given: string, before: readonly BlockRef[]): readonly BlockRef[] {
  const [, number, hash] = /^(\d{1,15}):(0x[0-9a-f]{64})$/.exec(given) ?? []
  if (number === undefined || hash === undefined) {
    throw new InvalidArgumentError('expected a number, a colon and a hash, as verify prints them.')
  }
  return [...before, { number: Number(number), hash }]
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
