import { type Command, Option } from 'commander'
import { fixedClassesOf, kindOf } from '../chains/registry.ts'
import { type Accounting, assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import { openStore } from '../store/open.ts'
import type { ClassedToken } from '../store/seam/audits.ts'
import type { ChainReads } from '../store/seam/store.ts'
import { codecOf } from './account-codec.ts'
import { type ConfigChoice, configOption, readConfigAloud } from './config-option.ts'
import { helpText } from './help-text.ts'
import type { Terminal } from './outcome.ts'
import { alignedLines } from './table.ts'

type TokensOptions = ConfigChoice & { readonly accounting?: Accounting; readonly json?: true }

/** How many tokens one read of the store returns. */
const PAGE = 1_000

/** `steelyard tokens`: shows how the balances of each token are known, and what the audit found. */
export function addTokens(program: Command, terminal: Terminal): void {
  program
    .command('tokens')
    .description('list tokens, how their balances are known (by events or by reads), and why')
    .addOption(configOption())
    .addOption(new Option('--accounting <class>', 'only these').choices(['events', 'reads']))
    .option('--json', 'one JSON object per line')
    .addHelpText(
      'after',
      helpText(
        '\nNames and symbols come from the tokens themselves, if already read. The second\n' +
          'line shows why a token is reclassified. tokens.accounting fixes a class.\n' +
          '\nExamples:\n  $ steelyard tokens --accounting reads\n  $ steelyard tokens --json',
      ),
    )
    .action(async (options: TokensOptions) => {
      await eachPage({ options, terminal }, (chain, page) => {
        if (options.json === true) for (const token of page) terminal.out(`${JSON.stringify(facts(chain, token))}\n`)
        else for (const line of pageLines(page, terminal.columns)) terminal.out(line)
      })
    })
}

/** A token with its class, and the name and symbol that it reports. */
type NamedToken = ClassedToken & { readonly name: string | undefined; readonly symbol: string | undefined }

async function eachPage(
  { options, terminal }: { readonly options: TokensOptions; readonly terminal: Terminal },
  tell: (chain: ChainId, page: readonly NamedToken[]) => void,
): Promise<void> {
  const config = readConfigAloud(options, terminal, { needsChains: true })
  const classesOf = (chain: ChainId) => fixedClassesOf(chain, config.tokens.accounting)
  const store = await openStore({ url: config.store, create: false, codecOf, classesOf })
  try {
    for (const { id } of config.chains) {
      // A ledger's tokens are written here, so they have no class to list.
      if (kindOf(id)?.source !== 'nodes') continue
      if (!(await store.holds(id))) {
        terminal.err(`Nothing of ${id} is indexed yet.\n`)
        continue
      }
      if (options.json !== true) terminal.out(`${id}\n`)
      await eachPageOf(await store.openReads(id), options.accounting, (page) => tell(id, page))
    }
  } finally {
    await store.close()
  }
}

async function eachPageOf(
  { audits, tokens: facts }: Pick<ChainReads, 'audits' | 'tokens'>,
  accounting: Accounting | undefined,
  tell: (page: readonly NamedToken[]) => void,
): Promise<void> {
  for (let after = 0; ; ) {
    const tokens = await audits.tokens({ accounting, after, limit: PAGE })
    const said = await facts.get(tokens.map(({ asset }) => asset))
    tell(tokens.map((token, index) => ({ ...token, name: said[index]?.name, symbol: said[index]?.symbol })))
    if (tokens.length < PAGE) break
    after = tokens.at(-1)?.id ?? after
  }
}

const HEADING = ['TOKEN', 'SYMBOL', 'CLASS', 'NAME']
/** Greatest widths of the token, symbol and class columns, so that part of the name stays visible. */
const WIDTHS = [50, 8, 6]
const INDENT = '  '

/** The rows of a page. Below each reclassified token follows its evidence. */
function pageLines(page: readonly NamedToken[], columns: number | undefined): readonly string[] {
  const rows = page.map((token) => [
    `${token.asset.standard}:${token.asset.reference}`,
    token.symbol ?? '-',
    token.accounting,
    token.name ?? '-',
  ])
  const left = columns === undefined ? undefined : columns - INDENT.length
  const [heading, ...lines] = alignedLines([HEADING, ...rows], { columns: left, bounds: WIDTHS })
  const told = lines.flatMap((line, index) => {
    const token = page[index]
    return [INDENT + line, ...(token === undefined ? [] : evidenceLines(token).map((said) => `${INDENT}    ${said}\n`))]
  })
  return told.length === 0 ? [] : [INDENT + (heading ?? ''), ...told]
}

function evidenceLines(token: ClassedToken): readonly string[] {
  const { reclassification, fixed } = token
  if (reclassification === undefined) return fixed ? ['fixed by the configuration'] : []
  const { account, item, journal, chain } = reclassification.evidence
  const whose = account === undefined ? 'the supply' : `account ${account}${item === '' ? '' : ` item ${item}`}`
  return [
    `${whyOf(token)} at block ${reclassification.block.number}: ${whose}`,
    `journal ${journal ?? 'unknown'}, chain ${chain}`,
  ]
}

function whyOf({ fixed, reclassification }: ClassedToken): string {
  if (fixed) return 'configuration'
  return reclassification === undefined ? 'not reclassified' : WHY[reclassification.reason]
}

const WHY = {
  balance: 'an amount differs',
  range: 'sums are out of range',
  supply: 'the supply differs',
  undecodable: "a transfer can't be decoded",
} as const

/** Amounts are decimal text: JSON numbers would lose digits. */
function facts(chain: ChainId, token: NamedToken): Readonly<Record<string, unknown>> {
  const { reclassification } = token
  return {
    token: assetText(chain, token.asset),
    name: token.name,
    symbol: token.symbol,
    accounting: token.accounting,
    why: whyOf(token),
    transfers: token.transfers,
    ...(reclassification === undefined
      ? {}
      : {
          block: reclassification.block,
          account: reclassification.evidence.account,
          item: reclassification.evidence.item,
          journal: reclassification.evidence.journal?.toString(),
          chain: reclassification.evidence.chain?.toString(),
          turned_at: reclassification.reclassifiedAt,
        }),
  }
}
