import { assetText } from '../core/asset.ts'
import type { ChainId } from '../core/chain.ts'
import type { Counts, Difference, SkipReason } from '../verify/comparison.ts'
import type { ChainResult, VerifyResult } from '../verify/verify-result.ts'

/** A chain's result with the chain's id and the duration in seconds. */
export type ChainReport = ChainResult & { readonly chain: ChainId; readonly seconds: number }

/** The results from best to worst. The worst chain decides the overall result. */
const FROM_BEST: readonly VerifyResult[] = [
  'nothing',
  'equal',
  'unproven',
  'stopped',
  'failed',
  'conflict',
  'different',
]

/** The result of all chains together. */
export function overall(chains: readonly ChainReport[]): VerifyResult {
  const ranks = chains.map(({ result }) => FROM_BEST.indexOf(result))
  return FROM_BEST[Math.max(0, ...ranks)] ?? 'nothing'
}

/** Writes a report piece by piece, so that memory does not grow with the number of differences. */
export type Report = {
  readonly begin: () => void
  readonly difference: (chain: ChainId, difference: Difference) => void
  readonly end: (chains: readonly ChainReport[]) => void
}

/**
 * The report as one JSON object: `version`, `differences` (streamed as they are found), then `result`, the sums and
 * `chains`. Amounts are decimal strings in base units. docs/verify.md describes the shape; later versions only add to
 * it.
 */
export function jsonReport(out: (text: string) => void): Report {
  let count = 0
  return {
    begin: () => out('{"version":1,"differences":['),
    difference: (chain, difference) => {
      out(`${count === 0 ? '' : ','}\n${JSON.stringify(differenceJson(chain, difference))}`)
      count++
    },
    end: (reports) => {
      const chains = reports.map(chainJson)
      const rest = JSON.stringify({ result: overall(reports), ...totals(reports), chains })
      out(`${count === 0 ? '' : '\n'}],${rest.slice(1)}\n`)
    },
  }
}

function differenceJson(chain: ChainId, difference: Difference): unknown {
  const { subject, account, asset, item, block, stored, chainAmount, accounting } = difference
  return {
    chain,
    subject,
    account: account === '' ? null : account,
    asset: assetText(chain, asset),
    item: item === '' ? null : item,
    block: { number: block.number, hash: block.hash },
    stored: stored.toString(),
    chain_says: chainAmount.toString(),
    accounting,
  }
}

function chainJson({ chain, result, error, blocks, counts, seconds }: ChainReport): unknown {
  const { balance: balances, observation: observations, supply: supplies } = counts
  return { chain, result, error, seconds: Number(seconds.toFixed(3)), blocks, balances, observations, supplies }
}

function totals(chains: readonly ChainReport[]): Omit<Counts, 'skipped'> & { readonly skipped: number } {
  const all = chains.flatMap(({ counts }) => Object.values(counts))
  const sum = (of: (counts: Counts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
  return {
    checked: sum((counts) => counts.checked),
    equal: sum((counts) => counts.equal),
    different: sum((counts) => counts.different),
    skipped: sum((counts) => Object.values(counts.skipped).reduce((total, count) => total + count, 0)),
  }
}

const SKIPPED: Readonly<Record<SkipReason, string>> = {
  outside_coverage: 'outside the indexed coverage',
  opening_unknown: 'the opening amount is unknown',
  token_does_not_answer: 'the token does not answer',
  no_balance_function: 'the contract has no function that returns a balance',
  not_a_token: 'the contract is not a token',
  node_unavailable: 'the node failed',
  no_archive: 'no node has the state of that block',
  not_supported: 'the contract has no such call',
  in_doubt: 'in doubt: the audit investigates a difference',
  accounting_reads: 'known by reads: the stored read is compared instead',
  block_replaced: 'the block is no longer canonical',
  items_unchecked: 'a sum of items, and one item was not compared',
  block_moved: 'summed over more than one block',
  journal_moved: 'repaired or reclassified during each attempt to sum it',
}

/** The report as lines for people. */
export function textReport(out: (text: string) => void): Report {
  return {
    begin: () => undefined,
    difference: (chain, difference) => out(`${differenceLine(chain, difference)}\n`),
    end: (chains) => {
      for (const chain of chains) out(chainLines(chain))
      out(`${conclusion(chains)}\n`)
    },
  }
}

function differenceLine(chain: ChainId, difference: Difference): string {
  const { subject, account, asset, item, block, stored, chainAmount, accounting } = difference
  const whose = account === '' ? '' : `  account ${account}`
  const which = item === '' ? '' : `  item ${item}`
  return (
    `DIFFERENT ${subject}${whose}  ${assetText(chain, asset)}${which}  block ${block.number} ${block.hash}` +
    `  stored ${stored}  chain ${chainAmount}  (${accounting})`
  )
}

function chainLines({ chain, blocks, counts, seconds, error, result }: ChainReport): string {
  const at = blocks.map(({ number: block, hash }) => `block ${block} ${hash}`)
  const where = at.length > 2 ? `${at[0]} … ${at.at(-1)} (${at.length} blocks)` : at.join(', ')
  const { balance, observation, supply } = counts
  const checked = balance.checked + observation.checked + supply.checked
  const rate = seconds > 0 ? `, ${number(Math.round(checked / seconds))}/s` : ''
  const lines = [
    `${chain}${where === '' ? '' : ` at ${where}`}: ${result}${error === undefined ? '' : `: ${error}`}`,
    ...countLines('balances', balance),
    ...countLines('observations', observation),
    ...countLines('supplies', supply),
    `  took ${seconds.toFixed(1)} s${rate}`,
  ]
  return `${lines.join('\n')}\n`
}

function countLines(name: string, { checked, equal, different, skipped }: Counts): readonly string[] {
  const reasons = Object.entries(skipped)
  if (checked === 0 && reasons.length === 0) return []
  const head = `  ${name.padEnd(13)}${number(checked)} checked, ${number(equal)} equal, ${number(different)} different`
  const words = new Map(Object.entries(SKIPPED))
  return [head, ...reasons.map(([reason, count]) => `${' '.repeat(15)}${number(count)} skipped: ${words.get(reason)}`)]
}

function conclusion(chains: readonly ChainReport[]): string {
  const { checked, different, skipped } = totals(chains)
  const left = skipped === 0 ? '' : ` ${number(skipped)} skipped.`
  const end: Readonly<Record<VerifyResult, string>> = {
    equal: `All ${number(checked)} compared amounts equal the chain's.${left}`,
    different: `${number(different)} of ${number(checked)} compared amounts differ from the chain's.${left}`,
    conflict: `The store and the node are on different branches: nothing is proven.${left}`,
    stopped: `Stopped. The ${number(checked)} amounts compared so far are equal.${left}`,
    failed: `Verification failed. The ${number(checked)} amounts compared before are equal.${left}`,
    unproven: `Nothing could be compared: nothing is proven.${left}`,
    nothing: `The store holds nothing to compare: nothing is proven.${left}`,
  }
  return end[overall(chains)]
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
