/** Compares a server's answers about a token with the chain, at the block that each answer names. */

import { isRecord } from '../../src/core/is-record.ts'
import { callData } from '../../src/demo/contracts.ts'
import type { Serving } from '../e2e/steelyard.ts'
import type { Anvil } from '../nodes/anvil.ts'

export type Claims = {
  /** Answers that differ from the chain's amount at their block. */
  readonly untrue: readonly string[]
  /** How many balances and complete lists of holders were answered. */
  readonly told: number
  /** How many answers were unknown or incomplete. */
  readonly unknown: number
}

export type Asking = {
  readonly server: Pick<Serving, 'get'>
  readonly anvil: Anvil
  readonly token: string
  /** All accounts that may have a balance. */
  readonly accounts: readonly string[]
}

const BLOCK = /;block=(\d+);hash="(0x[0-9a-f]{64})"/

/** The contract's amount for an account at a block. Undefined if there is no code or no answer. */
export async function balanceAt(anvil: Anvil, token: string, at: { account: string; hash: string }) {
  const call = { to: token, data: callData('Erc20', 'balanceOf', [at.account]) }
  const answer = await anvil.rpc('eth_call', [call, { blockHash: at.hash }])
  return answer === '0x' ? undefined : BigInt(String(answer))
}

/** Requests each account's balance and the holders, and compares all of them. */
export async function claimsOf({ server, anvil, token, accounts }: Asking): Promise<Claims> {
  const untrue: string[] = []
  let [told, unknown] = [0, 0]
  for (const account of accounts) {
    const answer = await server.get(`/v1/account/tokens?chain_id=31337&contract_address=${token}&address=${account}`)
    const at = placeOf(answer)
    const [row] = rowsOf(await answer.json())
    if (answer.status !== 200 || row === undefined || at === undefined) {
      if (answer.status !== 200 && answer.status !== 503) untrue.push(`${account}: status ${answer.status}`)
      unknown++
      continue
    }
    told++
    const truth = await balanceAt(anvil, token, { account, hash: at.hash })
    if (truth === undefined || BigInt(String(row.balance)) !== truth) {
      untrue.push(`${account} has ${String(row.balance)}, not ${truth}, at ${at.number} (${at.header})`)
    }
  }
  const holders = await holderClaims({ server, anvil, token, accounts })
  return { untrue: [...untrue, ...holders.untrue], told: told + holders.told, unknown: unknown + holders.unknown }
}

async function holderClaims({ server, anvil, token, accounts }: Asking): Promise<Claims> {
  const answer = await server.get(`/v1/token/top-holders?chain_id=31337&contract_address=${token}&limit=100`)
  const at = placeOf(answer)
  const body: unknown = await answer.json()
  // The token does not exist yet, or is a contract of items: there is no list.
  if ([400, 404, 503].includes(answer.status)) return { untrue: [], told: 0, unknown: 1 }
  if (answer.status !== 200 || at === undefined) {
    return { untrue: [`holders: status ${answer.status} ${JSON.stringify(body)}`], told: 0, unknown: 0 }
  }
  const rows = new Map(rowsOf(body).map((row) => [String(row.wallet_address), BigInt(String(row.original_amount))]))
  const untrue: string[] = []
  for (const account of new Set([...accounts, ...rows.keys()])) {
    const [told, truth = 0n] = [rows.get(account), await balanceAt(anvil, token, { account, hash: at.hash })]
    if (told === undefined ? truth > 0n && at.isComplete : told !== truth) {
      untrue.push(`the holder ${account} has ${told}, not ${truth}, at ${at.number} (${at.header})`)
    }
  }
  return { untrue, told: at.isComplete ? 1 : 0, unknown: at.isComplete ? 0 : 1 }
}

function placeOf(answer: Response) {
  const header = answer.headers.get('balance-as-of') ?? ''
  const match = BLOCK.exec(header)
  if (match === null) return undefined
  return { number: Number(match[1]), hash: match[2] ?? '', isComplete: !header.includes('complete=?0'), header }
}

function rowsOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  return isRecord(body) && Array.isArray(body.data) ? body.data.filter(isRecord) : []
}
