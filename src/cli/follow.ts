import type { Command } from 'commander'
import { kindOf } from '../chains/registry.ts'
import type { ChainConfig } from '../config/chains.ts'
import { openStore } from '../store/open.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { followingChain } from './following-chain.ts'
import { helpText } from './help-text.ts'
import { type Terminal, UsageError } from './outcome.ts'
import { now } from './time-text.ts'

/** `steelyard follow` and `unfollow`: change which accounts a chain with the scope accounts follows. */
export function addFollow(program: Command, terminal: Terminal): void {
  program
    .command('follow')
    .description('follow more accounts of a chain that indexes accounts; a running server begins at once')
    .argument('<chain>', CHAIN_WORDS)
    .argument('<address...>', 'in any usual form')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nFor chains with `scope: { accounts: [...] }`. The history of the accounts is fetched while the chain is ' +
          'followed, and their balances are answered from it once it is complete. "steelyard followed" shows how far it is.' +
          '\n\nExample:\n  $ steelyard follow eip155:1 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
      ),
    )
    .action((chain: string, addresses: string[], options: ConfigChoice) =>
      follow(chain, addresses, { options, terminal }),
    )
  program
    .command('unfollow')
    .description('follow accounts no longer, and delete what was indexed of them')
    .argument('<chain>', CHAIN_WORDS)
    .argument('<address...>', 'in any usual form')
    .addOption(configOption())
    .addHelpText(
      'after',
      helpText(
        '\nAccounts of the configuration are removed there. Where accounts are followed because somebody asked for ' +
          'their balances, the next question follows them again.' +
          '\n\nExample:\n  $ steelyard unfollow eip155:1 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045',
      ),
    )
    .action((chain: string, addresses: string[], options: ConfigChoice) =>
      unfollow(chain, addresses, { options, terminal }),
    )
}

const CHAIN_WORDS = 'its id, as in the configuration: eip155:1'

type Context = { readonly options: ConfigChoice; readonly terminal: Terminal }

async function follow(text: string, addresses: readonly string[], { options, terminal }: Context): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const { chain, configured, followedMax } = followingChain(text, config.chains)
  const accounts = readAddresses(addresses, chain)
  const fresh = accounts.filter((account) => !configured.includes(account))
  const store = await openStore({ url: config.store, create: true, codecOf })
  try {
    const max = followedMax - configured.length
    const added = await store.followRequests.add({ chain: chain.id, accounts: fresh, max, at: now() })
    if (added < fresh.length) {
      const words = `${added} of ${fresh.length} accounts are followed: chains.followed_max of ${chain.id} is ${followedMax}`
      throw new UsageError(words)
    }
  } finally {
    await store.close()
  }
  terminal.err(`${counted(accounts)} of ${chain.id} followed. "steelyard followed" shows how far the history is.\n`)
}

async function unfollow(text: string, addresses: readonly string[], { options, terminal }: Context): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const { chain, configured } = followingChain(text, config.chains)
  const accounts = readAddresses(addresses, chain)
  const listed = accounts.find((account) => configured.includes(account))
  if (listed !== undefined) {
    throw new UsageError(`${listed} is in the configuration (chains.scope.accounts): remove it there; nothing was done`)
  }
  const store = await openStore({ url: config.store, create: false, codecOf })
  try {
    const removed = await store.followRequests.remove(chain.id, accounts)
    if (removed === 0) throw new UsageError(`none of these accounts of ${chain.id} is followed`)
    terminal.err(`${removed === 1 ? '1 account is' : `${removed} accounts are`} no longer followed on ${chain.id}.\n`)
  } finally {
    await store.close()
  }
}

function counted({ length }: readonly string[]): string {
  return length === 1 ? '1 account' : `${length} accounts`
}

function readAddresses(given: readonly string[], { id }: ChainConfig): readonly string[] {
  const kind = kindOf(id)
  const accounts = given.map((text) => {
    const account = kind?.parseAddress(text)
    if (account === undefined)
      throw new UsageError(`address: got ${JSON.stringify(text.slice(0, 100))}, expected an address of ${id}`)
    if (account === kind?.accountCodec.zeroAddress) throw new UsageError('the zero address is no account')
    return account
  })
  return [...new Set(accounts)]
}
