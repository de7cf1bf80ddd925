import type { Generator, Movement } from './generator.ts'
import { MINT, MINT_AMOUNT, NAMED, nameWord } from './generator.ts'

/** keccak256 of `Transfer(address,address,uint256)`: topic 0 of ERC-20 and ERC-721 transfers. */
export const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

/** Unix seconds of block 0; each block is 12 s after its parent. */
const GENESIS_TIMESTAMP = 1_600_000_000
const BLOCK_SECONDS = 12
/** The number of logs that share a transaction. */
const LOGS_PER_TRANSACTION = 2

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const HEX_HIGH = Uint8Array.from(HEX, (text) => text.charCodeAt(0))
const HEX_LOW = Uint8Array.from(HEX, (text) => text.charCodeAt(1))
const ADDRESS_WORDS = 5
const HASH_WORDS = 8
const ZERO_WORD = '0'.repeat(64)
const MINT_DATA = Buffer.from(MINT_AMOUNT.toString(16).padStart(64, '0'), 'latin1')
/** Matches every address and topic, so that no reader misses a log. */
const FULL_BLOOM = `0x${'f'.repeat(512)}`
const EMPTY_BLOOM = `0x${'0'.repeat(512)}`

/** Selects movements by `address` and `topics` of eth_getLogs. */
export type Accepts = (movement: Movement) => boolean

/** Renders a generated chain as Ethereum's JSON-RPC (https://ethereum.github.io/execution-apis). */
export type Renderer = {
  readonly tokenAddress: (token: number) => string
  readonly accountAddress: (account: number) => string
  readonly blockHash: (block: number) => string
  /** The result of eth_getLogs over whole blocks, as JSON bytes. */
  readonly logs: (range: { first: number; last: number }, accepts?: Accepts) => Buffer
  /** The result of eth_getBlockByNumber, without transaction bodies, as JSON. */
  readonly block: (block: number) => string
}

export function createRenderer(generator: Generator): Renderer {
  const { seed } = generator.shape
  const text = (kind: number, number: number, words: number): string => `0x${nameOf(seed, { kind, number, words })}`
  const blockHash = (block: number): string => text(NAMED.block, block, HASH_WORDS)
  return {
    tokenAddress: (token) => text(NAMED.token, token, ADDRESS_WORDS),
    accountAddress: (account) => text(NAMED.account, account, ADDRESS_WORDS),
    blockHash,
    logs: createLogWriter(generator, blockHash),
    block: (block) => renderBlock(generator, block, blockHash),
  }
}

/** The name of a numbered object, in hex digits. */
function nameOf(seed: number, name: { kind: number; number: number; words: number }): string {
  const parts = Array.from({ length: name.words }, (_, part) =>
    nameWord(seed, name.kind, { number: name.number, part }),
  )
  return parts.map((word) => word.toString(16).padStart(8, '0')).join('')
}

const quantity = (value: number): string => `0x${value.toString(16)}`
const timestampOf = (block: number): number => GENESIS_TIMESTAMP + block * BLOCK_SECONDS

/**
 * One log with the fields in the order of Geth and Reth. Up to `transactionHash` all logs of a block have the same
 * length, and only the digits marked `@` differ. The rest is short and varies in length.
 */
function headOf(block: number): string {
  return (
    `{"address":"0x${'@'.repeat(40)}","topics":["${TRANSFER_TOPIC}","0x${'@'.repeat(64)}","0x${'@'.repeat(64)}"],` +
    `"data":"0x${'@'.repeat(64)}","blockNumber":"${quantity(block)}","transactionHash":"0x${'@'.repeat(64)}",`
  )
}

function tailOf(place: number, block: { hash: string; timestamp: string }): string {
  const transaction = quantity(Math.floor(place / LOGS_PER_TRANSACTION))
  return (
    `"transactionIndex":"${transaction}","blockHash":"${block.hash}","logIndex":"${quantity(place)}",` +
    `"blockTimestamp":"${block.timestamp}","removed":false},`
  )
}

/** Where the variable digits of a head begin. */
type Holes = { token: number; from: number; to: number; data: number; hash: number }

function holesOf(head: string): Holes {
  const [token = 0, from = 0, to = 0, data = 0, hash = 0] = [...head.matchAll(/@+/g)].map((match) => match.index)
  return { token, from: from + TOPIC_PADDING, to: to + TOPIC_PADDING, data, hash }
}

/** The offset of an address in the 64 digits of a topic. */
const TOPIC_PADDING = 24
/** The offset of the last 16 of the 64 digits of data: they hold the amount of a transfer that is not a mint. */
const AMOUNT_PADDING = 48
/** More bytes than any log needs. */
const MAX_LOG_BYTES = 800

/**
 * Writes logs as bytes with few strings, because the node must be much faster than any reader. Otherwise a benchmark
 * would measure the node.
 */
function createLogWriter(generator: Generator, blockHash: (block: number) => string): Renderer['logs'] {
  const { seed, accounts, tokens } = generator.shape
  const accountDigits = nameTable(seed, { kind: NAMED.account, count: accounts })
  const tokenDigits = nameTable(seed, { kind: NAMED.token, count: tokens })
  const transactionDigits = Buffer.alloc(HASH_WORDS * 8)
  let transactionWritten = -1

  const writeTransaction = (target: Uint8Array, at: number, transaction: number): void => {
    if (transaction !== transactionWritten) {
      writeName(transactionDigits, 0, { seed, kind: NAMED.transaction, number: transaction, words: HASH_WORDS })
      transactionWritten = transaction
    }
    target.set(transactionDigits, at)
  }

  /** Fills the variable digits of the head at `at`. */
  const fill = (target: Buffer, at: number, log: { movement: Movement; holes: Holes; index: number }): void => {
    const { movement, holes } = log
    copyAddress(tokenDigits, movement.token, { target, at: at + holes.token })
    copyAddress(accountDigits, movement.to, { target, at: at + holes.to })
    if (movement.from === MINT) {
      target.set(MINT_DATA, at + holes.data)
    } else {
      copyAddress(accountDigits, movement.from, { target, at: at + holes.from })
      writeWord(target, at + holes.data + AMOUNT_PADDING, movement.high)
      writeWord(target, at + holes.data + AMOUNT_PADDING + 8, movement.low)
    }
    writeTransaction(target, at + holes.hash, Math.floor(log.index / LOGS_PER_TRANSACTION))
  }

  return ({ first, last }, accepts) => {
    const count = generator.span(last).end - generator.span(first).start
    const target = Buffer.allocUnsafe(count * MAX_LOG_BYTES + 2)
    let length = target.write('[', 'latin1')
    for (let block = first; block <= last; block++) {
      const { start, end } = generator.span(block)
      const marked = headOf(block)
      const head = Buffer.from(marked.replaceAll('@', '0'), 'latin1')
      const holes = holesOf(marked)
      const facts = { hash: blockHash(block), timestamp: quantity(timestampOf(block)) }
      for (let index = start; index < end; index++) {
        const movement = generator.movement(index)
        if (accepts !== undefined && !accepts(movement)) continue
        target.set(head, length)
        fill(target, length, { movement, holes, index })
        length += head.length
        length += target.write(tailOf(index - start, facts), length, 'latin1')
      }
    }
    return closed(target, length)
  }
}

/** The written array, with its last comma replaced by a bracket. */
function closed(target: Buffer, length: number): Buffer {
  const end = length > 1 ? length - 1 : length
  target.write(']', end, 'latin1')
  return target.subarray(0, end + 1)
}

const ADDRESS_DIGITS = ADDRESS_WORDS * 8

/** The digits of all addresses of a kind, one after the other. They are needed again and again. */
function nameTable(seed: number, names: { kind: number; count: number }): Buffer {
  const table = Buffer.allocUnsafe(names.count * ADDRESS_DIGITS)
  for (let number = 0; number < names.count; number++) {
    writeName(table, number * ADDRESS_DIGITS, { seed, kind: names.kind, number, words: ADDRESS_WORDS })
  }
  return table
}

function copyAddress(table: Buffer, number: number, to: { target: Buffer; at: number }): void {
  table.copy(to.target, to.at, number * ADDRESS_DIGITS, (number + 1) * ADDRESS_DIGITS)
}

/** Writes the name of a numbered object in hex digits. */
function writeName(
  target: Uint8Array,
  at: number,
  name: { seed: number; kind: number; number: number; words: number },
): void {
  for (let part = 0; part < name.words; part++) {
    writeWord(target, at + part * 8, nameWord(name.seed, name.kind, { number: name.number, part }))
  }
}

/** Writes 32 bits as eight hex digits. */
function writeWord(target: Uint8Array, at: number, word: number): void {
  for (let byte = 0; byte < 4; byte++) {
    const value = (word >>> (24 - byte * 8)) & 0xff
    target[at + byte * 2] = HEX_HIGH[value] ?? 0
    target[at + byte * 2 + 1] = HEX_LOW[value] ?? 0
  }
}

function renderBlock(generator: Generator, number: number, blockHash: (block: number) => string): string {
  const { start, end } = generator.span(number)
  const { seed } = generator.shape
  const first = Math.floor(start / LOGS_PER_TRANSACTION)
  const transactions = Array.from(
    { length: Math.ceil((end - start) / LOGS_PER_TRANSACTION) },
    (_, place) => `0x${nameOf(seed, { kind: NAMED.transaction, number: first + place, words: HASH_WORDS })}`,
  )
  return JSON.stringify({
    number: quantity(number),
    hash: blockHash(number),
    parentHash: number === 0 ? `0x${ZERO_WORD}` : blockHash(number - 1),
    timestamp: quantity(timestampOf(number)),
    logsBloom: end > start ? FULL_BLOOM : EMPTY_BLOOM,
    nonce: '0x0000000000000000',
    sha3Uncles: `0x${ZERO_WORD}`,
    transactionsRoot: `0x${ZERO_WORD}`,
    stateRoot: `0x${ZERO_WORD}`,
    receiptsRoot: `0x${ZERO_WORD}`,
    miner: `0x${'0'.repeat(40)}`,
    difficulty: '0x0',
    extraData: '0x',
    size: '0x1000',
    gasLimit: '0x2255100',
    gasUsed: quantity((end - start) * 60_000),
    baseFeePerGas: '0x3b9aca00',
    transactions,
    uncles: [],
  })
}
