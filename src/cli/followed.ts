import type { Command } from 'commander'
import type { ChainConfig } from '../config/chains.ts'
import type { ChainId } from '../core/chain.ts'
import { isServiceError } from '../core/errors.ts'
import { openStore } from '../store/open.ts'
import type { FollowedAccount } from '../store/seam/followed.ts'
import type { Store } from '../store/seam/store.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { followingChain } from './following-chain.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'
import { alignedLines, boundsFor } from './table.ts'
import { timeText } from './time-text.ts'

/** `steelyard followed`: lists the accounts that are followed, and how far their history is. */
export function addFollowed(program: Command, terminal: Terminal): void {
  program
    .command('followed')
    .description('list the accounts that are followed, and how far their history is')
    .argument('[chain]', 'its id, as in the configuration; without it, all chains that follow accounts')
    .addOption(configOption())
    .option('--json', 'one JSON object per line, with whole addresses and exact times')
    .addHelpText(
      'after',
      helpText(
        '\nSINCE is when the account was requested, in UTC; "configured" for accounts of the configuration.' +
          '\n\nExamples:\n  $ steelyard followed\n  $ steelyard followed eip155:1 --json',
      ),
    )
    .action((chain: string | undefined, options: FollowedOptions) => followed(chain, options, terminal))
}

type FollowedOptions = ConfigChoice & { readonly json?: true }

/** An account of a chain. `since`: Unix seconds; undefined: it is in the configuration, or no longer followed. */
type Listed = {
  readonly chain: ChainId
  readonly account: string
  readonly isConfigured: boolean
  readonly since: number | undefined
  readonly stored: FollowedAccount | undefined
}

async function followed(text: string | undefined, options: FollowedOptions, terminal: Terminal): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const chains = text === undefined ? config.chains : [followingChain(text, config.chains).chain]
  const store = await openExisting(config.store)
  try {
    const all: Listed[] = []
    for (const chain of chains) all.push(...(await listOf(chain, store)))
    if (options.json === true) for (const one of all) terminal.out(`${JSON.stringify(facts(one))}\n`)
    else if (all.length === 0) terminal.err(noneWords(chains))
    else for (const line of tableOf(all, terminal.columns)) terminal.out(line)
  } finally {
    await store?.close()
  }
}

function noneWords(chains: readonly ChainConfig[]): string {
  if (chains.some(({ scope }) => scope.type === 'accounts')) {
    return 'No accounts are followed. "steelyard follow" adds some.\n'
  }
  return 'No chain follows accounts: only one with "scope: { accounts: [...] }" does.\n'
}

async function openExisting(url: string): Promise<Store | undefined> {
  try {
    return await openStore({ url, create: false, codecOf })
  } catch (error) {
    if (isServiceError(error, 'STORE_MISSING')) return undefined
    throw error
  }
}

/** The configured accounts, then the requested ones in the order of their requests, then those that are being deleted. */
async function listOf({ id, scope }: ChainConfig, store: Store | undefined): Promise<readonly Listed[]> {
  if (scope.type !== 'accounts') return []
  const isIndexed = store !== undefined && (await store.holds(id))
  const stored = isIndexed ? await (await store.openReads(id)).followed() : []
  const byAccount = new Map(stored.map((one) => [one.account, one]))
  const requests = new Map((await store?.followRequests.list(id))?.map(({ account, at }) => [account, at]))
  const accounts = new Set([...scope.accounts, ...requests.keys(), ...byAccount.keys()])
  return [...accounts].map((account) => {
    const isConfigured = scope.accounts.includes(account)
    return { chain: id, account, isConfigured, since: requests.get(account), stored: byAccount.get(account) }
  })
}

const HEADING = ['CHAIN', 'ACCOUNT', 'SINCE', 'HISTORY']
/** Least width of an account that would pass the edge of the terminal: its first digits tell most accounts apart. */
const LEAST_ACCOUNT = 16

function tableOf(all: readonly Listed[], columns: number | undefined): readonly string[] {
  const rows = [HEADING, ...all.map(row)]
  if (columns === undefined) return alignedLines(rows, { columns })
  const bounds = boundsFor(rows, { columns, flexible: HEADING.indexOf('ACCOUNT'), least: LEAST_ACCOUNT })
  return alignedLines(rows, { columns, bounds })
}

function row(one: Listed): readonly string[] {
  const { chain, account, isConfigured, since } = one
  const when = isConfigured ? 'configured' : since === undefined ? '-' : timeText(since).slice(0, 10)
  return [chain, account, when, historyOf(one)]
}

function historyOf({ isConfigured, since, stored }: Listed): string {
  if (stored?.isLeaving === true || (!isConfigured && since === undefined)) return 'being deleted'
  if (stored === undefined) return 'waiting'
  if (!stored.isFollowed) return `through block ${stored.through ?? -1}`
  return stored.isCut ? `whole blocks read through ${stored.knownThrough ?? -1}` : 'complete'
}

/** Later versions may add keys, but change none. */
function facts(one: Listed): Readonly<Record<string, unknown>> {
  const { chain, account, isConfigured, since, stored } = one
  return {
    chain,
    account,
    configured: isConfigured,
    requested: since === undefined ? null : timeText(since),
    followed: stored?.isFollowed ?? false,
    through: stored?.through ?? null,
    leaving: stored?.isLeaving ?? false,
    known_through: stored?.knownThrough ?? null,
    cut: stored?.isCut ?? false,
  }
}
