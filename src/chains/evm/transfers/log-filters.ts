import { isRecord } from '../../../core/is-record.ts'
import type { Transfer } from '../../../core/transfer.ts'
import type { FetchScope } from '../../adapter.ts'
import { addressWord, ZERO_ADDRESS } from '../words/hex.ts'
import { DEPOSIT, TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE, WITHDRAWAL } from './decode-log.ts'
import { type FilterShape, MAX_FILTER_SIZE } from './filter-kinds.ts'

/** A filter of eth_getLogs, without its blocks. */
export type Filter = { readonly address?: readonly string[]; readonly topics: readonly (readonly string[] | null)[] }

/** Transfers, and events that show a balance change without a transfer. */
const EVENTS: readonly string[] = [TRANSFER, TRANSFER_SINGLE, TRANSFER_BATCH, DEPOSIT, WITHDRAWAL]
const KNOWN_EVENTS: ReadonlySet<unknown> = new Set(EVENTS)

/** True if an untrusted log is of an event that our filters name. A filter without events also returns other logs. */
export function isOfEvents(log: unknown): boolean {
  return isRecord(log) && Array.isArray(log.topics) && KNOWN_EVENTS.has(log.topics[0])
}

/**
 * Drops the logs of other events that a filter without events returns. Keeps malformed entries, so that the decoder
 * detects them.
 */
export function onlyEvents<T extends readonly unknown[] | undefined>(answers: T, shape: FilterShape): T | unknown[] {
  if (answers === undefined || shape !== 'none') return answers
  const isOther = (log: unknown): boolean => isRecord(log) && Array.isArray(log.topics) && !isOfEvents(log)
  return answers.map((answer) => (Array.isArray(answer) ? answer.filter((log) => !isOther(log)) : answer))
}

/**
 * Returns the eth_getLogs filters of a shape that together find the scope's transfers. A log may match several filters.
 * `size`: most addresses in one filter; at 1, each filter also names only one event.
 */
export function filtersOf(scope: FetchScope, shape: FilterShape, size: number = MAX_FILTER_SIZE): readonly Filter[] {
  const filters = wholeFilters(scope, shape, size)
  return size > 1 ? filters : filters.flatMap(byEvent)
}

function wholeFilters(scope: FetchScope, shape: FilterShape, size: number): readonly Filter[] {
  const topics = [EVENTS]
  switch (shape) {
    case 'none':
      return [{ topics: [] }]
    case 'events':
      return [{ topics }]
    case 'addresses':
      return chunks(tokensOf(scope), size).map((address) => ({ address, topics }))
    case 'accounts':
      return chunks(accountsOf(scope), size).flatMap(sidesOf)
    case 'addresses_accounts':
      return sidesOf(accountsOf(scope)).map((filter) => ({ address: tokensOf(scope), ...filter }))
  }
}

/** Splits a filter into one filter per event. */
function byEvent(filter: Filter): readonly Filter[] {
  const [events, ...others] = filter.topics
  return events === undefined || events === null
    ? [filter]
    : events.map((event) => ({ ...filter, topics: [[event], ...others] }))
}

function tokensOf(scope: FetchScope): readonly string[] {
  if (scope.type === 'tokens') return scope.tokens
  return 'token' in scope ? [scope.token] : []
}

function accountsOf(scope: FetchScope): readonly string[] {
  if (scope.type === 'accounts') return scope.accounts
  if (scope.type === 'pair') return [scope.account]
  return scope.type === 'mints' ? [ZERO_ADDRESS] : []
}

/** Returns filters for accounts as sender and as receiver. The topic of each differs between the events. */
function sidesOf(accounts: readonly string[]): Filter[] {
  const words = accounts.map((account) => `0x${addressWord(account)}`)
  const multi = [TRANSFER_SINGLE, TRANSFER_BATCH]
  return [
    { topics: [[TRANSFER, DEPOSIT, WITHDRAWAL], words] },
    { topics: [[TRANSFER], null, words] },
    { topics: [multi, null, words] },
    { topics: [multi, null, null, words] },
  ]
}

function chunks(items: readonly string[], size: number): string[][] {
  const out: string[][] = []
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size))
  return out
}

/** Returns a test that is true for the transfers of a scope. */
export function wantedBy(scope: FetchScope): (transfer: Transfer) => boolean {
  switch (scope.type) {
    case 'all':
      return () => true
    case 'tokens': {
      const tokens = new Set(scope.tokens)
      return ({ asset }) => tokens.has(asset.reference)
    }
    case 'accounts':
      return touches(new Set(scope.accounts))
    case 'pair': {
      const ofAccount = touches(new Set([scope.account]))
      return (transfer) => transfer.asset.reference === scope.token && ofAccount(transfer)
    }
    case 'mints':
      return ({ asset, from, to }) => asset.reference === scope.token && (from === undefined || to === undefined)
  }
}

function touches(accounts: ReadonlySet<string>): (transfer: Transfer) => boolean {
  return ({ from, to }) => (from !== undefined && accounts.has(from)) || (to !== undefined && accounts.has(to))
}
