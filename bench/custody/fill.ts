import { setImmediate as nextTick } from 'node:timers/promises'
import { codecOf } from '../../src/cli/account-codec.ts'
import { assert } from '../../src/core/assert.ts'
import type { AssetRef } from '../../src/core/asset.ts'
import { type ChainId, parseChainId } from '../../src/core/chain.ts'
import type { BlockTransfers, Transfer } from '../../src/core/transfer.ts'
import { openStore } from '../../src/store/open.ts'
import type { Meeting } from '../../src/store/seam/custody.ts'
import type { Store } from '../../src/store/seam/store.ts'

/** The custody of one principal: so many rows over addresses with so many tokens each, in so many wallets. */
export type Shape = { readonly rows: number; readonly tokens: number; readonly wallets: number }

/** Transfers of one block: each gives an address its first amount of a token. */
const PER_BLOCK = 5_000
/** The last blocks are not final, so their rows have pending amounts. */
const NOT_FINAL = 4
const DECIMALS = 6

/** The chain of the benchmark. */
export const CHAIN: ChainId = chainId()
/** Ether, by its coin type in SLIP-44. */
const NATIVE: AssetRef = { standard: 'native', reference: '60' }
/** The principal of the benchmark: that of a key by default. */
export const PRINCIPAL = 'default'

function chainId(): ChainId {
  const id = parseChainId('eip155:1')
  assert(id !== undefined, 'the chain id is one')
  return id
}

/** The address with an index. */
export function addressOf(index: number): string {
  return `0x${(index + 1).toString(16).padStart(40, '1')}`
}

/** The token with an index. */
export function tokenOf(index: number): AssetRef {
  return { standard: 'erc20', reference: `0x${(index + 1).toString(16).padStart(40, 'a')}` }
}

/** Fills a store: a journal with a balance for each row, and the custody of all its addresses. Returns the uuid of a wallet. */
export async function fill(folder: string, shape: Shape): Promise<string> {
  const store = await openStore({ url: `sqlite:${folder}`, create: true, codecOf })
  try {
    await fillJournal(store, shape)
    const wallet = await fillCustody(store, shape)
    await fillNative(store, shape)
    return wallet
  } finally {
    await nextTick()
    await store.close()
  }
}

async function fillJournal(store: Store, { rows, tokens }: Shape): Promise<void> {
  const journal = await store.openJournal(CHAIN, { scope: { type: 'all' }, from: 0 })
  const hashOf = (number: number): string => `0x${number.toString(16).padStart(64, '0')}`
  const blocks = Math.ceil(rows / PER_BLOCK)
  for (let number = 0; number < blocks; number++) {
    const transfers = Array.from({ length: Math.min(PER_BLOCK, rows - number * PER_BLOCK) }, (_, event): Transfer => {
      const row = number * PER_BLOCK + event
      const sides = { from: undefined, to: addressOf(Math.floor(row / tokens)) }
      const amount = BigInt(1 + row) * 1_000_000n
      return {
        event,
        part: 0,
        asset: tokenOf(row % tokens),
        ...sides,
        item: '',
        amount,
        transactionHash: hashOf(number),
      }
    })
    const header = { number, hash: hashOf(number), parentHash: hashOf(number - 1), timestamp: number * 12 }
    const block: BlockTransfers = { ...header, transfers }
    await journal.append({ first: number, through: header, blocks: [block], headers: [header] })
    if (number === blocks - 1) {
      await journal.heartbeat({
        state: 'live',
        head: header,
        caughtUpAt: header.timestamp,
        error: undefined,
        counts: {},
      })
    }
  }
  await journal.finalize({ number: blocks - NOT_FINAL, hash: hashOf(blocks - NOT_FINAL) })
  await journal.doubts.looked('all')
  const reads = await store.openReads(CHAIN)
  const facts = { name: undefined, symbol: undefined, decimals: DECIMALS, totalSupply: undefined }
  const known = { ...facts, readAt: Math.floor(Date.now() / 1_000), supplyBlock: undefined }
  await reads.tokens.put(Array.from({ length: tokens }, (_, token) => ({ asset: tokenOf(token), ...known })))
  await nextTick()
  await journal.close()
}

/** The native assets of all addresses, listed and read at the newest and the finalized block. */
async function fillNative(store: Store, { rows, tokens }: Shape): Promise<void> {
  const reads = await store.openReads(CHAIN)
  const { published, finalized } = await reads.clock()
  assert(published !== undefined && finalized !== undefined, 'the journal is filled')
  const facts = { name: undefined, symbol: undefined, decimals: 18, totalSupply: undefined, supplyBlock: undefined }
  await reads.tokens.put([{ asset: NATIVE, ...facts, readAt: Math.floor(Date.now() / 1_000) }])
  const addresses = Math.ceil(rows / tokens)
  for (let from = 0; from < addresses; from += PER_BLOCK) {
    const part = Array.from({ length: Math.min(PER_BLOCK, addresses - from) }, (_, at) => addressOf(from + at))
    const read = { asset: NATIVE, item: '', amount: 10n ** 18n, observedAt: 1 }
    const { number, hash } = published
    await reads.observations.put(part.map((account) => ({ ...read, account, block: { number, hash } })))
    await reads.trail.add(
      part.map((account) => ({ ...read, account, block: finalized })),
      finalized,
    )
    await store.custody.members.add(
      part.map((address) => ({ family: 'evm', address, chain: CHAIN, asset: NATIVE })),
      1,
    )
  }
}

async function fillCustody({ custody }: Store, { rows, tokens, wallets }: Shape): Promise<string> {
  const addresses = Math.ceil(rows / tokens)
  const uuidOf = (wallet: number): string => `00000000-0000-4000-8000-${wallet.toString(16).padStart(12, '0')}`
  const of = { principal: PRINCIPAL, family: 'evm', at: 1, max: addresses } as const
  for (let wallet = 0; wallet < wallets; wallet++) {
    const made = {
      uuid: uuidOf(wallet),
      principal: PRINCIPAL,
      name: `wallet ${wallet}`,
      metadata: '{}',
      createdAt: 1,
      updatedAt: 1,
    }
    await custody.wallets.add({ ...made, type: 'Custodial', status: 'active' }, wallets)
  }
  for (let index = 0; index < addresses; index++) {
    await custody.addresses.add({ ...of, wallet: uuidOf(index % wallets), address: addressOf(index) })
  }
  for (let row = 0; row < rows; row += PER_BLOCK) {
    const meetings = Array.from({ length: Math.min(PER_BLOCK, rows - row) }, (_, at): Meeting => {
      const address = addressOf(Math.floor((row + at) / tokens))
      return { family: 'evm', address, chain: CHAIN, asset: tokenOf((row + at) % tokens) }
    })
    await custody.members.add(meetings, 1)
  }
  return uuidOf(wallets - 1)
}
