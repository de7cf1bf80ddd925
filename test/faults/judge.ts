import type { AsOf } from './as-of.ts'
import type { Claim, ClaimOf, Untruth } from './claims.ts'
import { historyUntruths } from './judge-history.ts'
import type { TrueBlock, TrueTransfer, Truth } from './truth.ts'

/** `toldAfter` returns when this server process learned that a block is no longer the newest, in milliseconds. */
export type Moment = {
  readonly askedAtMs: number
  readonly toldAfter: (block: TrueBlock) => number | undefined
}

/**
 * Ages are whole seconds of clocks that are read at different moments, and a node's answer takes a moment to arrive.
 */
const AGE_SLACK_MS = 2_500

/** Returns all that is untrue in an answer, at the block that it names. */
export function judge(truth: Truth, asOf: AsOf, answered: { claim: Claim; moment: Moment }): readonly Untruth[] {
  const { claim, moment } = answered
  const block = asOf.hash === undefined ? undefined : truth.block(asOf.hash)
  if (block === undefined || block.number !== asOf.block) {
    return [{ kind: 'block', detail: `no block ${asOf.block} ${asOf.hash} was ever made` }]
  }
  return [...headerUntruths(truth, asOf, { block, moment, claim }), ...claimUntruths(truth, { asOf, block }, claim)]
}

function headerUntruths(
  truth: Truth,
  asOf: AsOf,
  at: { block: TrueBlock; moment: Moment; claim: Claim },
): readonly Untruth[] {
  const found: Untruth[] = []
  const { block, moment, claim } = at
  // An answer as of a requested block is about that block, even if the block is no longer the newest.
  const isNow = claim.what !== 'native' || claim.asked === undefined
  if (asOf.finality === undefined || asOf.source === undefined || asOf.age === undefined) {
    found.push({ kind: 'header', detail: 'finality, source or age is missing' })
  }
  if (asOf.finality === 'finalized' && !truth.isFinal(block)) {
    found.push({ kind: 'finality', detail: `block ${block.number} is not final` })
  }
  const toldAt = moment.toldAfter(block)
  // A block was the newest when it was made: the server may have learned of blocks that it replaced before that.
  const replacedAt = toldAt === undefined ? undefined : Math.max(toldAt, block.timestamp * 1_000)
  const leastMs = replacedAt === undefined ? 0 : moment.askedAtMs - replacedAt - AGE_SLACK_MS
  if (asOf.age !== undefined && isNow && asOf.age * 1_000 < leastMs) {
    found.push({
      kind: 'age',
      detail: `age ${asOf.age} s of block ${block.number}, which was replaced as newest at least ${leastMs} ms ago`,
    })
  }
  return found
}

type Named = { readonly asOf: AsOf; readonly block: TrueBlock }

function claimUntruths(truth: Truth, named: Named, claim: Claim): readonly Untruth[] {
  switch (claim.what) {
    case 'native':
      return nativeUntruths(truth, named, claim)
    case 'tokens':
      return tokensUntruths(truth, named, claim)
    case 'holders':
      return holdersUntruths(truth, named, claim)
    case 'transfers':
      return transfersUntruths(truth, named, claim)
    case 'pairs':
      return pairsUntruths(truth, named, claim)
    case 'history':
      return historyUntruths(truth, named, claim)
  }
}

function nativeUntruths(truth: Truth, { block }: Named, claim: ClaimOf<'native'>): readonly Untruth[] {
  const { account, asked, amount } = claim
  const found: Untruth[] = []
  if (asked !== undefined && asked !== block.number)
    found.push({ kind: 'as-of', detail: `answered a request as of ${asked}` })
  const held = truth.native(block, account)
  if (held !== amount) found.push({ kind: 'native', detail: `${account} has ${held}, answered ${amount}` })
  return found
}

/**
 * True if the amount is right at the named block. If rows are of several blocks, it may also be right at any later
 * block.
 */
function isTrue(
  truth: Truth,
  { asOf, block }: Named,
  row: { account: string; token: string; amount: bigint },
): boolean {
  const { account, token, amount } = row
  // If the token does not exist yet, or no longer, no account holds any: 0 is as true as a missing row.
  const isNone = amount === 0n && truth.isToken(token)
  const isAt = (at: TrueBlock): boolean => {
    const held = truth.balance(at, account, token)
    return held === undefined ? isNone : held === amount
  }
  return isAt(block) || (!asOf.uniform && truth.blocksFrom(block.number).some(isAt))
}

function tokensUntruths(truth: Truth, named: Named, claim: ClaimOf<'tokens'>): readonly Untruth[] {
  const { account, listed, rows, unread = [], count } = claim
  const { asOf, block } = named
  const what = listed === undefined ? 'account list' : 'account, listed'
  const amounts = rows
    .filter((row) => !isTrue(truth, named, { account, ...row }))
    .map(({ token, amount }): Untruth => {
      const held = truth.balance(block, account, token)
      return {
        kind: `${what}: amount`,
        detail: `${account} has ${held} of ${truth.nameOf(token)}, answered ${amount}`,
        token,
      }
    })
  if (!asOf.complete) return amounts
  const there = new Set([...rows.map(({ token }) => token), ...unread])
  const due = listed?.filter((token) => truth.isToken(token)) ?? truth.met(block, account)
  const isDueAt = (at: TrueBlock, token: string): boolean => {
    const held = truth.balance(at, account, token)
    return held !== undefined && (listed !== undefined || held > 0n)
  }
  // If rows are of several blocks, a row may also be missing because none is due at a later block.
  const isDue = (token: string): boolean =>
    isDueAt(block, token) && (asOf.uniform || truth.blocksFrom(block.number).every((at) => isDueAt(at, token)))
  const missing = due.filter((token) => !there.has(token) && isDue(token))
  const lost = missing.map((token): Untruth => {
    return {
      kind: `${what}: row missing`,
      detail: `${account} has ${truth.balance(block, account, token)} of ${truth.nameOf(token)}`,
      token,
    }
  })
  const counted: Untruth[] =
    count === rows.length ? [] : [{ kind: `${what}: count`, detail: `${count} for ${rows.length} rows` }]
  return [...amounts, ...lost, ...counted]
}

function pairsUntruths(truth: Truth, named: Named, { asked, rows, refused }: ClaimOf<'pairs'>): readonly Untruth[] {
  const { asOf, block } = named
  const amounts = rows.flatMap((row): Untruth[] => {
    const { account, token, amount } = row
    const held = (): bigint | undefined => truth.balance(block, account, token)
    const detail = (): string => `${account} has ${held()} of ${truth.nameOf(token)}, answered ${amount}`
    return isTrue(truth, named, row) ? [] : [{ kind: 'balances: amount', detail: detail(), token }]
  })
  const keyOf = ({ account, token }: { account: string; token: string }): string => `${account} ${token}`
  const there = new Set([...rows, ...refused].map(keyOf))
  const lost = asked.filter((pair) => !there.has(keyOf(pair)))
  const lostRows = lost.map(({ token }): Untruth => {
    return { kind: 'balances: row missing', detail: `no row of ${truth.nameOf(token)}`, token }
  })
  const wrong = refused.filter(({ token, isNoToken }) => isNoToken && !truth.isMissing(token))
  const denied = wrong.map(({ token }): Untruth => {
    return { kind: 'balances: refused', detail: `${truth.nameOf(token)} is a token`, token }
  })
  const marked: Untruth[] =
    refused.length === 0 || !asOf.complete ? [] : [{ kind: 'balances: complete', detail: 'pairs have failed' }]
  return [...amounts, ...lostRows, ...denied, ...marked]
}

function holdersUntruths(truth: Truth, named: Named, claim: ClaimOf<'holders'>): readonly Untruth[] {
  const { token, rows, count, offset, limit } = claim
  const { asOf, block } = named
  const untrue = (kind: string, detail: string): Untruth => ({
    kind: `holders: ${kind}`,
    detail: `${token}: ${detail}`,
    token,
  })
  const found: Untruth[] = []
  for (const { account, amount } of rows) {
    const held = truth.balance(block, account, token)
    const isHolder =
      amount === undefined ? (held ?? 0n) > 0n || !asOf.uniform : isTrue(truth, named, { account, token, amount })
    if (!isHolder) found.push(untrue('amount', `${account} has ${held}, answered ${amount ?? 'that it has some'}`))
  }
  const amounts = rows.map(({ amount }) => amount)
  if (amounts.some((amount, place) => place > 0 && amount !== undefined && amount > (amounts[place - 1] ?? amount))) {
    found.push(untrue('order', amounts.join(' ')))
  }
  if (!asOf.complete || !asOf.uniform) return found
  const all = truth.holders(block, token)
  if (count !== all.size) found.push(untrue('count', `${count} for ${all.size}`))
  const page = [...all.values()].sort((a, b) => (a === b ? 0 : a > b ? -1 : 1)).slice(offset, offset + limit)
  if (page.length !== rows.length) found.push(untrue('rows missing', `${rows.length} for ${page.length}`))
  else if (amounts.some((amount, place) => amount !== undefined && amount !== page[place])) {
    found.push(untrue('page', `${amounts.join(' ')} for ${page.join(' ')}`))
  }
  return found
}

function transfersUntruths(truth: Truth, { asOf, block }: Named, claim: ClaimOf<'transfers'>): readonly Untruth[] {
  const { token, account, first, last, limit, rows, count } = claim
  const due = truth.transfers(block, token).filter((one) => {
    return (
      one.block >= first && one.block <= last && (account === undefined || one.from === account || one.to === account)
    )
  })
  const keyOf = (one: TrueTransfer): string =>
    `${one.block} ${one.logIndex} ${one.transaction} ${one.token} ${one.from} ${one.to} ${one.amount}`
  const known = new Set(due.map(keyOf))
  const made = rows.filter((row) => !known.has(keyOf(row)))
  if (made[0] !== undefined) {
    return [{ kind: 'transfers: row', detail: `no such transfer: ${keyOf(made[0])}`, token }]
  }
  if (!asOf.complete) return []
  const page = due.slice(0, limit)
  const isSame = page.length === rows.length && page.every((one, place) => keyOf(one) === keyOf(rows[place] ?? one))
  if (isSame && count === due.length) return []
  const detail = `${truth.nameOf(token)} of ${account ?? 'all'} in ${first} to ${last}: ${rows.length} rows, count ${count}; ${page.length} of ${due.length} are`
  return [{ kind: 'transfers: rows missing', detail, token }]
}
