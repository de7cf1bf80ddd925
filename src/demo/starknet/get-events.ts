import { RpcError } from './json-rpc.ts'
import type { EventFilter } from './params.ts'
import { eventsOf, type PlacedEvent, type StarknetBlock } from './state.ts'

/** A range of blocks, its events, and how much of it one answer covers. */
export type EventRange = {
  /** The numbers of the first and the last block. */
  readonly first: number
  readonly last: number
  readonly blockAt: (number: number) => StarknetBlock | undefined
  /** An answer looks at this many blocks at most. A page may be empty and go on with a token. */
  readonly scanBlocks: number
}

/** A page of events, and the token of the next page. */
export type EventPage = {
  readonly found: readonly { readonly block: StarknetBlock; readonly placed: PlacedEvent }[]
  readonly token: string | undefined
}

const TOKEN = /^(\d{1,15})-(\d{1,9})$/

/**
 * The events of a range that match a filter, in order. A token names a block and how many of its matching events were
 * answered, as Pathfinder's and Juno's do.
 * @throws RpcError 33 the token names no place in the range
 */
export function pageOfEvents(filter: EventFilter, { first, last, blockAt, scanBlocks }: EventRange): EventPage {
  const start = filter.token === undefined ? { number: first, skip: 0 } : placeOf(filter.token, first, last)
  const found: EventPage['found'][number][] = []
  const stop = Math.min(last, start.number + scanBlocks - 1)
  for (let number = start.number; number <= stop; number++) {
    const block = blockAt(number)
    if (block === undefined) continue
    const matching = eventsOf(block).filter((placed) => matches(placed, filter))
    const skip = number === start.number ? start.skip : 0
    const room = filter.chunk - found.length
    for (const placed of matching.slice(skip, skip + room)) found.push({ block, placed })
    if (matching.length > skip + room) return { found, token: `${number}-${skip + room}` }
  }
  return { found, token: stop < last ? `${stop + 1}-0` : undefined }
}

function placeOf(token: string, first: number, last: number): { number: number; skip: number } {
  const [, number, skip] = TOKEN.exec(token) ?? []
  if (number === undefined || skip === undefined || Number(number) < first || Number(number) > last) {
    throw new RpcError(33, 'The supplied continuation token is invalid or unknown')
  }
  return { number: Number(number), skip: Number(skip) }
}

function matches({ event }: PlacedEvent, { addresses, keys }: EventFilter): boolean {
  if (addresses?.has(event.address) === false) return false
  return keys.every((some, at) => {
    const key = event.keys[at]
    // A filter with a position that the event does not have matches no such event, not even with "any".
    return key !== undefined && (some === undefined || some.has(key))
  })
}
