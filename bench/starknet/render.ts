import { MINT, MINT_AMOUNT, type Movement, nameWord } from '../chain/generator.ts'
import type { StarknetGenerator } from './generator.ts'

/** sn_keccak of `Transfer`: the first key of every transfer. */
export const TRANSFER_KEY = '0x99cd8bde557814842a3121e8ddfd433a539b8c9f14bf31ebf108d12e6196e9'
const STRK = '0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d'
const SEQUENCER = '0x1176a1bd84444c89232ec27754698e5d2e7e1a7f1539f12027f28b23ec9f3d8'

/** Unix seconds of block 0; each block is 4 s after its parent. */
const GENESIS_TIMESTAMP = 1_763_887_000
const BLOCK_SECONDS = 4
const MINT_HEX = `0x${MINT_AMOUNT.toString(16)}`
/** Kinds of names. Each kind has its own words. */
const NAMED = { token: 31, account: 32, block: 33, transaction: 34, other: 35 } as const
const WORDS = 8
/** Keeps 26 bits of the first of 8 words, so that a name is below 2^250. */
const FIRST_WORD_MASK = 0x3ffffff

/** The prices and the version of all headers, as JSON without its braces. */
const HEADER_REST =
  `"sequencer_address":"${SEQUENCER}",` +
  '"l1_gas_price":{"price_in_fri":"0x1416432dfc4d","price_in_wei":"0x3b9aca09"},' +
  '"l1_data_gas_price":{"price_in_fri":"0x5645","price_in_wei":"0x1"},' +
  '"l2_gas_price":{"price_in_fri":"0xb2d05e00","price_in_wei":"0x21299"},' +
  '"l1_da_mode":"BLOB","starknet_version":"0.14.1"'

/** Renders a generated chain as Starknet's JSON-RPC 0.10. Felts are minimal. */
export type StarknetRenderer = {
  readonly tokenFelt: (token: number) => string
  readonly accountFelt: (account: number) => string
  readonly blockHash: (block: number) => string
  /** One event of `starknet_getEvents`, as JSON. */
  readonly event: (index: number, block: number) => string
  /** Result of `starknet_getBlockWithTxHashes`, as JSON. */
  readonly blockWithHashes: (block: number) => string
  /** Result of `starknet_getBlockWithReceipts`, as JSON. */
  readonly blockWithReceipts: (block: number) => string
}

/** Blocks up to this far below the head are not accepted on L1. */
export const L1_BELOW = 64

/** Renders on demand, so that a chain of any length takes no memory except for the names in use. */
export function createStarknetRenderer(generator: StarknetGenerator): StarknetRenderer {
  const { shape, head, strk, sequencer, span, place } = generator
  const name = (kind: number, number: number): string => nameOf(shape.seed, kind, number)
  const tokenFelt = cached((token) => (token === strk ? STRK : name(NAMED.token, token)))
  const accountFelt = cached((account) => (account === sequencer ? SEQUENCER : name(NAMED.account, account)))
  const blockHash = cached((block) => name(NAMED.block, block))
  const transactionHash = recent((number: number) => name(NAMED.transaction, number))
  const hashAt = (block: number, transaction: number): string => transactionHash(block * shape.perBlock + transaction)

  /** STRK changes its layout half-way, as it did on Sepolia. Other tokens have one layout each. */
  const isInData = (token: number, block: number): boolean => (token === strk ? block <= head / 2 : token % 2 === 0)
  const content = (movement: Movement, block: number): string => {
    const from = movement.from === MINT ? '0x0' : accountFelt(movement.from)
    const accounts = `"${from}","${accountFelt(movement.to)}"`
    const amount = `"${amountHex(movement)}","0x0"`
    const parts = isInData(movement.token, block)
      ? `"keys":["${TRANSFER_KEY}"],"data":[${accounts},${amount}]`
      : `"keys":["${TRANSFER_KEY}",${accounts}],"data":[${amount}]`
    return `"from_address":"${tokenFelt(movement.token)}",${parts}`
  }
  const event = (index: number, block: number): string => {
    const at = place(index)
    return (
      `{${content(generator.movement(index), block)},"block_hash":"${blockHash(block)}","block_number":${block},` +
      `"transaction_hash":"${hashAt(block, at.transaction)}","transaction_index":${at.transaction},"event_index":${at.event}}`
    )
  }
  const header = (block: number): string => {
    const { start, end } = span(block)
    const other = (part: number): string => name(NAMED.other, block * 8 + part)
    return (
      `"status":"${block <= head - L1_BELOW ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2'}","block_hash":"${blockHash(block)}",` +
      `"parent_hash":"${block === 0 ? '0x0' : blockHash(block - 1)}","block_number":${block},"new_root":"${other(0)}",` +
      `"timestamp":${GENESIS_TIMESTAMP + block * BLOCK_SECONDS},${HEADER_REST},` +
      `"transaction_commitment":"${other(1)}","event_commitment":"${end === start ? '0x0' : other(2)}",` +
      `"receipt_commitment":"${other(3)}","state_diff_commitment":"${other(4)}","event_count":${end - start},` +
      `"transaction_count":${generator.transactions(block)},"state_diff_length":${(end - start) * 2}`
    )
  }
  const blockWithHashes = (block: number): string => {
    const count = generator.transactions(block)
    const hashes = Array.from({ length: count }, (_, transaction) => `"${hashAt(block, transaction)}"`)
    return `{${header(block)},"transactions":[${hashes.join(',')}]}`
  }
  const blockWithReceipts = (block: number): string => {
    const events = Array.from({ length: generator.transactions(block) }, (): string[] => [])
    for (let index = span(block).start; index < span(block).end; index++) {
      events[place(index).transaction]?.push(`{${content(generator.movement(index), block)}}`)
    }
    const status = block <= head - L1_BELOW ? 'ACCEPTED_ON_L1' : 'ACCEPTED_ON_L2'
    const both = events.map((some, transaction) => {
      const hash = hashAt(block, transaction)
      return `{"transaction":${TRANSACTION},"receipt":${receipt({ hash, status, events: some })}}`
    })
    return `{${header(block)},"transactions":[${both.join(',')}]}`
  }
  return { tokenFelt, accountFelt, blockHash, event, blockWithHashes, blockWithReceipts }
}

const TRANSACTION =
  `{"type":"INVOKE","version":"0x1","nonce":"0x1","sender_address":"${SEQUENCER}","signature":[],"calldata":[],` +
  '"max_fee":"0x2386f26fc10000"}'

function receipt({ hash, status, events }: { hash: string; status: string; events: readonly string[] }): string {
  return (
    `{"type":"INVOKE","transaction_hash":"${hash}","actual_fee":{"amount":"0x38d7ea4c68000","unit":"FRI"},` +
    `"execution_status":"SUCCEEDED","finality_status":"${status}","messages_sent":[],"events":[${events.join(',')}],` +
    '"execution_resources":{"l1_gas":0,"l2_gas":800000,"l1_data_gas":128}}'
  )
}

/** A felt as an address is served: with 64 digits. */
export function padded(felt: string): string {
  return `0x${felt.slice(2).padStart(64, '0')}`
}

function amountHex({ from, high, low }: Movement): string {
  if (from === MINT) return MINT_HEX
  return high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
}

/** The felt that names a numbered object. */
function nameOf(seed: number, kind: number, number: number): string {
  let digits = (nameWord(seed, kind, { number, part: 0 }) & FIRST_WORD_MASK).toString(16)
  for (let part = 1; part < WORDS; part++) {
    digits += nameWord(seed, kind, { number, part }).toString(16).padStart(8, '0')
  }
  return `0x${digits.replace(/^0+/, '')}`
}

/** Keeps every result: tokens, accounts and blocks are named again and again. */
function cached(make: (number: number) => string): (number: number) => string {
  const known: string[] = []
  return (number) => {
    const name = known[number] ?? make(number)
    known[number] = name
    return name
  }
}

/** Keeps the last result: the events of a transaction follow each other. */
function recent(make: (number: number) => string): (number: number) => string {
  let last = -1
  let name = ''
  return (number) => {
    if (number !== last) {
      name = make(number)
      last = number
    }
    return name
  }
}
