import type { FetchScope } from '../../adapter.ts'
import { ZERO_ADDRESS } from '../words/felt.ts'
import type { Interned } from '../words/interned.ts'
import type { WholeBlock } from './block-receipts.ts'
import { type DecodedEvent, decodeEvent, type SkipReason } from './decode-event.ts'
import type { BlockEvent } from './raw-event.ts'

/** A decoded event with its place: its position in the block, from 0 over all events of the block. */
export type LocatedEvent = DecodedEvent & { readonly position: number; readonly transactionHash: string }

/** What a block's events say about tokens. */
export type DecodedBlock = {
  readonly header: WholeBlock['header']
  readonly events: readonly LocatedEvent[]
  /** Contracts that announced another class: what they hold may have changed. */
  readonly upgraded: readonly string[]
}

/** Called for each event that is skipped although its name is a transfer's, or that has no name. */
export type OnSkipped = (reason: SkipReason, where: { readonly block: number; readonly position: number }) => void

/** Decodes a block's events and keeps those of a scope. */
export function decodeBlock(
  { header, events }: WholeBlock,
  { scope, interned, onSkipped }: { readonly scope: FetchScope; readonly interned: Interned; onSkipped: OnSkipped },
): DecodedBlock {
  const wanted = wantedBy(scope)
  const located: LocatedEvent[] = []
  const upgraded: string[] = []
  for (const [position, event] of events.entries()) {
    const decoded = decodeEvent(event.body, interned)
    if (decoded === undefined) {
      const contract = upgradeOf(event, interned)
      if (contract !== undefined) upgraded.push(contract)
    } else if (typeof decoded === 'string') {
      onSkipped(decoded, { block: header.number, position })
    } else if (wanted(decoded)) {
      located.push(locate(decoded, position, event.transactionHash))
    }
  }
  return { header, events: located, upgraded }
}

/** Written out: copies of objects cost more than decoding. */
function locate(decoded: DecodedEvent, position: number, transactionHash: string): LocatedEvent {
  const { token, layout, from, to } = decoded
  return decoded.kind === 'transfer'
    ? { kind: 'transfer', token, layout, from, to, value: decoded.value, position, transactionHash }
    : { kind: 'moves', token, layout, from, to, moves: decoded.moves, position, transactionHash }
}

function upgradeOf({ body }: BlockEvent, interned: Interned): string | undefined {
  return interned.eventName(body.keys[0]) === 'Upgraded' ? interned.address(body.from_address) : undefined
}

/** Returns whether an event belongs to a scope. */
export function wantedBy(scope: FetchScope): (event: Pick<DecodedEvent, 'token' | 'from' | 'to'>) => boolean {
  switch (scope.type) {
    case 'all':
      return () => true
    case 'tokens': {
      const tokens = new Set(scope.tokens)
      return ({ token }) => tokens.has(token)
    }
    case 'accounts': {
      const accounts = new Set(scope.accounts)
      return ({ from, to }) => accounts.has(from) || accounts.has(to)
    }
    case 'pair': {
      const { account } = scope
      return ({ token, from, to }) => token === scope.token && (from === account || to === account)
    }
    case 'mints':
      return ({ token, from, to }) => token === scope.token && (from === ZERO_ADDRESS || to === ZERO_ADDRESS)
  }
}
