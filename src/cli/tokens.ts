import { type Command, Option } from 'commander'
import { kindOf } from '../chains/registry.ts'
import { type Accounting, assetText, fixedClasses } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { ClassedToken } from '../store/audits.ts'
import { openStore } from '../store/open.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import type { Terminal } from './outcome.ts'

type TokensOptions = ConfigChoice & { readonly accounting?: Accounting; readonly json?: true }

/** Tokens read from the store at once. */
const PAGE = 1_000

/** `steelyard tokens`: how the balances of each token are known, and what the audit found. */
export function addTokens(program: Command, terminal: Terminal): void {
  program
    .command('tokens')
    .description('list tokens with how their balances are known: by events, or by reads, and why')
    .addOption(configOption())
    .addOption(new Option('--accounting <class>', 'only these').choices(['events', 'reads']))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nTab-separated: token, accounting, why, block, account, by the journal, by the chain.\n' +
        'The configuration fixes a class with tokens.accounting.\n' +
        '\nExample:\n  $ steelyard tokens --config steelyard.yaml --accounting reads',
    )
    .action(async (options: TokensOptions) => {
      if (options.json !== true) terminal.err('token\taccounting\twhy\tblock\taccount\tjournal\tchain\n')
      await eachToken({ options, terminal }, (chain, token) => {
        const written = options.json === true ? JSON.stringify(facts(chain, token)) : row(chain, token)
        terminal.out(`${written}\n`)
      })
    })
}

async function eachToken(
  { options, terminal }: { readonly options: TokensOptions; readonly terminal: Terminal },
  tell: (chain: ChainId, token: ClassedToken) => void,
): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const classesOf = (chain: ChainId) => fixedClasses(config.tokens.accounting, chain)
  const store = await openStore({ url: config.store, create: false, codecOf, classesOf })
  try {
    for (const { id } of config.chains) {
      // A ledger has no such tokens: all it knows it wrote itself.
      if (kindOf(id)?.source !== 'nodes') continue
      if (!(await store.holds(id))) {
        terminal.err(`Nothing was indexed of ${id} yet.\n`)
        continue
      }
      const { audits } = await store.openReads(id)
      for (let after = 0; ; ) {
        const tokens = await audits.tokens({ accounting: options.accounting, after, limit: PAGE })
        for (const token of tokens) tell(id, token)
        if (tokens.length < PAGE) break
        after = tokens.at(-1)?.id ?? after
      }
    }
  } finally {
    await store.close()
  }
}

function whyOf({ fixed, turn }: ClassedToken): string {
  if (fixed) return 'configuration'
  return turn === undefined ? 'not turned' : WHY[turn.reason]
}

const WHY = {
  balance: 'an amount differs',
  range: 'sums leave the range of amounts',
  supply: 'the supply differs',
} as const

/** Amounts as decimal text: JSON numbers would lose digits. */
function facts(chain: ChainId, token: ClassedToken): Readonly<Record<string, unknown>> {
  const { turn } = token
  return {
    token: assetText(chain, token.asset),
    accounting: token.accounting,
    why: whyOf(token),
    transfers: token.transfers,
    ...(turn === undefined
      ? {}
      : {
          block: turn.block,
          account: turn.evidence.account,
          item: turn.evidence.item,
          journal: turn.evidence.journal?.toString(),
          chain: turn.evidence.chain.toString(),
          turned_at: turn.turnedAt,
        }),
  }
}

function row(chain: ChainId, token: ClassedToken): string {
  const { turn } = token
  const found =
    turn === undefined
      ? ['', '', '', '']
      : [
          turn.block.number,
          turn.evidence.account ?? 'supply',
          turn.evidence.journal ?? 'unknown',
          turn.evidence.chain,
        ].map(String)
  return [assetText(chain, token.asset), token.accounting, whyOf(token), ...found].join('\t')
}
