import type { Header } from '../../../core/block.ts'
import type { RpcCall, RpcOutcome } from '../../../net/json-rpc.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { blockCall } from '../heads/headers.ts'
import { type Coin, coinId } from '../puzzles/coin.ts'
import type { CoinSpend } from '../puzzles/spend.ts'
import { garbage, hasAnother } from '../words/faults.ts'
import { fieldIn, listIn, parseBlock, parseCoinRecord, parseSpend } from '../words/records.ts'

/** A block's spends, and the coins that it added: by the spends, and as rewards. */
export type FetchedBlock = {
  readonly header: Header
  readonly spends: readonly CoinSpend[]
  readonly additions: readonly Coin[]
}

/**
 * Reads what these blocks spent and added. Each block is asked for by its number after that, so that a block that was replaced
 * in between is not taken; and the spends are as many as the coins that the block removed.
 * @throws NODE_BEHIND the node lacks a block, or has another one; NODE_GARBAGE it sent some of a block's spends; NODE_*
 */
export async function fetchBlocks(session: RpcSession, headers: readonly Header[]): Promise<readonly FetchedBlock[]> {
  const calls = headers.flatMap(({ hash }): RpcCall[] => {
    const params = { header_hash: hash }
    return [
      { method: 'get_block_spends', params },
      { method: 'get_additions_and_removals', params },
    ]
  })
  const outcomes = await session.batch(calls)
  const now = await session.batch(headers.map(({ number }) => blockCall(number)))
  return headers.map((header, index) => {
    const { hash } = parseBlock(fieldIn(resultOf(now[index]), 'block_record'))
    if (hash !== header.hash) throw hasAnother(header.number)
    const spends = listIn(resultOf(outcomes[2 * index]), 'block_spends').map(parseSpend)
    const changes = resultOf(outcomes[2 * index + 1])
    const removals = listIn(changes, 'removals').map((record) => parseCoinRecord(record).id)
    confirmSpends(header, spends, removals)
    return { header, spends, additions: listIn(changes, 'additions').map((record) => parseCoinRecord(record).coin) }
  })
}

function resultOf(outcome: RpcOutcome | undefined): unknown {
  if (outcome === undefined) throw garbage('too little')
  if (!outcome.ok) throw outcome.error
  return outcome.result
}

function confirmSpends({ number }: Header, spends: readonly CoinSpend[], removals: readonly string[]): void {
  // Nodes keep 0 as the block of a spend that has not happened, so they name no removals of block 0.
  if (number === 0) return
  const spent = new Set(spends.map(({ coin }) => coinId(coin)))
  if (spent.size === removals.length && removals.every((id) => spent.has(id))) return
  throw garbage(`${spent.size} spends of block ${number}, which removed ${removals.length} coins`)
}
