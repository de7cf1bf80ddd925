import type { AsOf } from './as-of.ts'
import type { ClaimOf, HistoryRow, Untruth } from './claims.ts'
import type { TrueBlock, TrueTransfer, Truth } from './truth.ts'

type Change = { readonly block: number; readonly event: number; readonly delta: bigint }

/** Returns all that is untrue in the changes of a balance, on the branch of the block that the answer names. */
export function historyUntruths(
  truth: Truth,
  { asOf, block }: { readonly asOf: AsOf; readonly block: TrueBlock },
  claim: ClaimOf<'history'>,
): readonly Untruth[] {
  const { account, token, from, to, rows } = claim
  const about = `${account} in ${truth.nameOf(token)}`
  const due = changesOf(truth.transfers(block, token), account).filter(({ block: number }) => {
    const time = truth.ancestor(block, number)?.timestamp ?? 0
    return time >= from && time <= to
  })
  const untrue = (kind: string, detail: string): Untruth => ({
    kind: `history: ${kind}`,
    detail: `${about}: ${detail}`,
    token,
  })
  const known = new Set(due.map(placeOf))
  const made = rows.find((row) => !known.has(placeOf(row)))
  if (made !== undefined) return [untrue('row', `no such change: ${placeOf(made)}`)]
  const found: Untruth[] = []
  if (rows.some((row, at) => at > 0 && !isAfter(row, rows[at - 1]))) found.push(untrue('order', 'not ascending'))
  if (asOf.complete && rows.length !== due.length) {
    found.push(untrue('rows missing', `${rows.length} rows, ${due.length} are`))
  }
  for (const row of rows) {
    const after = amountAfter(truth, { block, account, token }, { row, due })
    if (row.amount !== undefined && after !== undefined && row.amount !== after) {
      found.push(untrue('amount', `${after} after ${placeOf(row)}, answered ${row.amount}`))
    }
    if (asOf.complete && row.amount === undefined) found.push(untrue('amount missing', `after ${placeOf(row)}`))
  }
  return found
}

/** The changes of an account in order. A transfer to oneself is a change of 0. */
function changesOf(transfers: readonly TrueTransfer[], account: string): readonly Change[] {
  return transfers
    .filter(({ from, to }) => from === account || to === account)
    .map(({ block, logIndex, from, to, amount }) => {
      return { block, event: logIndex, delta: from === to ? 0n : to === account ? amount : -amount }
    })
    .reverse()
}

/**
 * The amount after a change: the balance at the end of its block, without the later changes in that block. Undefined if
 * the events of the block do not explain how the balance changed in it, unless no event comes after this one.
 */
function amountAfter(
  truth: Truth,
  of: { readonly block: TrueBlock; readonly account: string; readonly token: string },
  { row, due }: { readonly row: HistoryRow; readonly due: readonly Change[] },
): bigint | undefined {
  const balanceAt = (number: number): bigint | undefined => {
    const at = truth.ancestor(of.block, number)
    return at === undefined ? undefined : truth.balance(at, of.account, of.token)
  }
  const own = due.filter(({ block }) => block === row.block)
  const later = own.filter(({ event }) => event > row.event)
  const end = balanceAt(row.block)
  if (later.length === 0 || end === undefined) return end
  const isExplained = end - (balanceAt(row.block - 1) ?? 0n) === sum(own)
  return isExplained ? end - sum(later) : undefined
}

const sum = (changes: readonly Change[]): bigint => changes.reduce((total, { delta }) => total + delta, 0n)
const placeOf = ({ block, event }: Pick<HistoryRow, 'block' | 'event'>): string => `block ${block}, event ${event}`

function isAfter(row: HistoryRow, before: HistoryRow | undefined): boolean {
  if (before === undefined) return true
  return row.block > before.block || (row.block === before.block && row.event > before.event)
}
