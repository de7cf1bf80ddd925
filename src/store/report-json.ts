import type { BlockRef, Header } from '../core/block.ts'
import { isRecord } from '../core/is-record.ts'
import { mustBeOurs, parseStoredJson } from '../journal/damaged-value.ts'
import { CHAIN_STATES, type Heartbeat } from './seam/heartbeat.ts'
import type { IndexerReport } from './seam/indexer-reports.ts'

type Fields = Readonly<Record<string, unknown>>

/** Parses a report that was stored as JSON. @throws DamagedValue it is not one */
export function parseReport(json: string): IndexerReport {
  const { at, hasEnded, stopped, beat, heads, wait, nodeWarnings } = fields(parseStoredJson(json))
  return {
    at: number(at),
    hasEnded: hasEnded === true,
    stopped: optional(stopped, ({ code, error }) => ({ code: optionalText(code), error: text(error) })),
    beat: optional(beat, (one) => ({ at: number(one.at), ...heartbeat(one) })),
    heads: list(heads).map((head) => ({ at: number(head.at), ...blockRef(head) })),
    wait: optional(wait, (one) => ({ for: text(one.for), since: number(one.since) })),
    nodeWarnings: list(nodeWarnings).map((one) => ({ node: text(one.node), says: text(one.says), at: number(one.at) })),
  }
}

function heartbeat({ state, head, caughtUpAt, error, auditError, counts }: Fields): Heartbeat {
  const known = CHAIN_STATES.find((one) => one === state)
  mustBeOurs(known !== undefined, 'a stored state is one of ours')
  return {
    state: known,
    head: optional(head, header),
    caughtUpAt: caughtUpAt === undefined ? undefined : number(caughtUpAt),
    error: optionalText(error),
    auditError: optionalText(auditError),
    counts: Object.fromEntries(Object.entries(fields(counts)).map(([name, count]) => [name, number(count)])),
  }
}

function header(stored: Fields): Header {
  const { parentHash, timestamp } = stored
  return { parentHash: text(parentHash), timestamp: number(timestamp), ...blockRef(stored) }
}

function blockRef({ number: height, hash }: Fields): BlockRef {
  return { number: number(height), hash: text(hash) }
}

function optional<T>(value: unknown, parse: (value: Fields) => T): T | undefined {
  return value === undefined ? undefined : parse(fields(value))
}

function fields(value: unknown): Fields {
  mustBeOurs(isRecord(value), 'a part of a stored report is an object')
  return value
}

function list(value: unknown): readonly Fields[] {
  mustBeOurs(Array.isArray(value), 'a part of a stored report is a list')
  return value.map(fields)
}

function number(value: unknown): number {
  mustBeOurs(typeof value === 'number', 'a part of a stored report is a number')
  return value
}

function text(value: unknown): string {
  mustBeOurs(typeof value === 'string', 'a part of a stored report is a text')
  return value
}

function optionalText(value: unknown): string | undefined {
  return value === undefined ? undefined : text(value)
}
