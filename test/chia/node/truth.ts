/**
 * What accounts hold, by the simulator's own coins and by chia-wallet-sdk's own reading of the spends that created them. It
 * shares nothing with the adapter.
 */
import { type ChainCoin, type ChiaChain, hex } from '../../../src/demo/chia/chain.ts'
import type { Bytes } from '../../../src/demo/chia/sdk.ts'

/** A CAT by the hash of its TAIL and of the puzzle that may revoke it, in hex. */
export type Token = { readonly tail: string; readonly hidden: string | undefined }

/** An amount in mojos that an owner, a puzzle hash in hex, holds in coins of one CAT. */
export type Holding = { readonly owner: string; readonly tail: string; readonly amount: bigint; readonly coins: number }

/** What these owners hold of these CATs at a block; revocable coins are in the same sum. Sums of 0 are left out. */
export function holdingsAt(
  chain: ChiaChain,
  {
    owners,
    tokens,
    block,
  }: { readonly owners: readonly string[]; readonly tokens: readonly Token[]; readonly block: number },
): readonly Holding[] {
  const sums = new Map<string, Holding>()
  for (const { tail, hidden } of tokens) {
    const hashes = new Map(owners.map((owner) => [hex(puzzleHashOf(chain, { tail, hidden }, owner)), owner]))
    const wanted = [...hashes.keys()].map((hash) => Buffer.from(hash, 'hex'))
    const held = chain.coinsBy('puzzle hashes', wanted).filter((record) => isHeldAt(block, record))
    for (const record of genuine(chain, held, tail)) {
      const owner = hashes.get(hex(record.coin.puzzleHash)) ?? ''
      const { amount, coins } = sums.get(`${owner} ${tail}`) ?? { amount: 0n, coins: 0 }
      sums.set(`${owner} ${tail}`, { owner, tail, amount: amount + record.coin.amount, coins: coins + 1 })
    }
  }
  return [...sums.values()].filter(({ amount }) => amount > 0n)
}

/** What an owner, a puzzle hash in hex, holds of XCH at a block, in mojos. */
export function xchAt(chain: ChiaChain, owner: string, block: number): bigint {
  const records = chain.coinsBy('puzzle hashes', [Buffer.from(owner, 'hex')])
  return records.filter((record) => isHeldAt(block, record)).reduce((sum, { coin }) => sum + coin.amount, 0n)
}

function isHeldAt(block: number, { confirmed, spent }: ChainCoin): boolean {
  return confirmed <= block && (spent === undefined || spent > block)
}

function puzzleHashOf({ sdk }: ChiaChain, { tail, hidden }: Token, owner: string): Bytes {
  const hiddenHash = hidden === undefined ? null : Buffer.from(hidden, 'hex')
  return new sdk.CatInfo(Buffer.from(tail, 'hex'), hiddenHash, Buffer.from(owner, 'hex')).puzzleHash()
}

/** Whether coins are genuine coins of a CAT, by their ids: it never changes. */
const known = new Map<string, boolean>()

/** The coins that the spends of their parents created as coins of this CAT. */
function genuine(chain: ChiaChain, records: readonly ChainCoin[], tail: string): readonly ChainCoin[] {
  const children = new Map<string, ReadonlySet<string>>()
  return records.filter(({ coin }) => {
    const [id, parent] = [hex(coin.coinId()), hex(coin.parentCoinInfo)]
    const before = known.get(`${id} ${tail}`)
    if (before !== undefined) return before
    const made = children.get(parent) ?? catsMadeBy(chain, coin.parentCoinInfo, tail)
    children.set(parent, made)
    known.set(`${id} ${tail}`, made.has(id))
    return made.has(id)
  })
}

function catsMadeBy(chain: ChiaChain, parent: Bytes, tail: string): ReadonlySet<string> {
  const [record] = chain.coinsBy('names', [parent])
  const spent = record?.spent
  const spend = spent === undefined ? undefined : chain.spendOf(parent, spent)
  if (spend === undefined) return new Set()
  const clvm = new chain.sdk.Clvm()
  const puzzle = clvm.deserialize(spend.puzzleReveal).puzzle()
  const made = puzzle.parseChildCats(spend.coin, clvm.deserialize(spend.solution)) ?? []
  return new Set(made.filter(({ info }) => hex(info.assetId) === tail).map(({ coin }) => hex(coin.coinId())))
}
