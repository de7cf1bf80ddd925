import type { BlockRef } from '../../../core/block.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { catPuzzleHash } from '../puzzles/cat.ts'
import type { Lead } from '../puzzles/lead.ts'
import { puzzleHashOf } from '../words/address.ts'
import type { Hex } from '../words/hex.ts'
import type { CoinRecord } from '../words/records.ts'
import { atNewest, isOfBlock } from './at-newest.ts'
import type { LeadBook } from './lead-book.ts'
import type { Lineage, ParentOf } from './lineage.ts'
import { ALL_COINS, coinsByHint, coinsByHintIn, coinsByPuzzleHashes, UNSPENT_COINS, type Which } from './look-up.ts'

/** Blocks below the head whose hints are read again with the last look-ups: those that came since the first ones. */
const RECENT_BLOCKS = 8

/**
 * Most unknown puzzles of parents of hinted coins that one question looks at, so that a stranger's dust cannot make it last for
 * minutes. They are remembered, so the next question gets further.
 */
const MAX_STRANGE_PUZZLES = 5_000

/** A genuine coin of a CAT. `account` is an address. */
export type OwnedCoin = CoinRecord & { readonly account: string; readonly tail: Hex }

/** What is found. `isCut`: a list of hints was cut, so there may be CATs that no lead names. */
export type Found = { readonly coins: readonly OwnedCoin[]; readonly isCut: boolean }

/** What is looked for: coins that were confirmed up to the block `last`. */
export type Wanted = { readonly accounts: readonly string[]; readonly last: number }

type Derived = ReadonlyMap<Hex, { readonly account: string; readonly lead: Lead }>

/** Finds the coins of accounts: by their hints, and by their puzzle hashes under every lead. */
export class CoinFinder {
  readonly #book: LeadBook
  readonly #lineage: Lineage

  constructor(book: LeadBook, lineage: Lineage) {
    this.#book = book
    this.#lineage = lineage
  }

  /**
   * Finds the unspent CATs of an account at the node's newest block, in at most six waves of calls: the head, hints and
   * look-ups under the known leads; two for the parents, which reveal leads; look-ups under all leads; two for the parents of
   * what those find, with the head. Undefined: the head moved all the time.
   * @throws NODE_*
   */
  async findHeld(
    session: RpcSession,
    account: string,
    headOf: () => Promise<BlockRef>,
  ): Promise<(Found & { readonly block: BlockRef }) | undefined> {
    const owner = puzzleHashOf(account)
    const known = this.#derive([account], await this.#book.since(0))
    const [start, hinted, first] = await Promise.all([
      headOf(),
      coinsByHint(session, owner),
      coinsByPuzzleHashes(session, [...known.keys()], UNSPENT_COINS),
    ])
    const [{ isWhole }] = await Promise.all([
      this.#learn(session, without(known, hinted.coins)),
      this.#lineage.look(session, first),
    ])
    const found = await atNewest(headOf, {
      start,
      read: async ({ number }) => {
        const derived = this.#derive([account], await this.#book.since(0))
        const recent = { ...ALL_COINS, first: Math.max(0, number - RECENT_BLOCKS) }
        const [coins, late] = await Promise.all([
          coinsByPuzzleHashes(session, [...derived.keys()], UNSPENT_COINS),
          hinted.isCut ? [] : coinsByHintIn(session, owner, recent),
        ])
        return { derived, coins, strange: without(derived, late) }
      },
      judge: async ({ derived, coins, strange }, at) => {
        const [{ parentOf }, late] = await Promise.all([
          this.#lineage.look(session, coins),
          this.#learn(session, strange),
        ])
        if (late.isNews || !isOfBlock(coins, at)) return undefined
        return { coins: genuine(coins, derived, parentOf), isCut: !late.isWhole }
      },
    })
    const isCut = hinted.isCut || !isWhole || found?.value.isCut === true
    return found && { block: found.at, coins: found.value.coins, isCut }
  }

  /**
   * Finds all CATs of accounts up to a block, spent ones too, in the same waves. `check` runs after the last look-up.
   * @throws NODE_*
   */
  async findAll(session: RpcSession, { accounts, last }: Wanted, check: () => Promise<void>): Promise<Found> {
    const which = { first: 0, last }
    const leads = await this.#book.since(0)
    const known = this.#derive(accounts, leads)
    const [hinted, coins] = await Promise.all([
      Promise.all(accounts.map((account) => coinsByHint(session, puzzleHashOf(account)))),
      coinsByPuzzleHashes(session, [...known.keys()], which),
    ])
    const strange = without(
      known,
      hinted.flatMap((one) => one.coins),
    )
    const [{ isWhole }, { parentOf }] = await Promise.all([
      this.#learn(session, strange),
      this.#lineage.look(session, coins),
    ])
    const own = genuine(coins, known, parentOf)
    const isCut = !isWhole || hinted.some((one) => one.isCut)
    const later = await this.#book.since(leads.length)
    const more = later.length === 0 ? [] : await this.findUnder(session, { accounts, leads: later, which })
    await check()
    return { coins: [...own, ...more], isCut }
  }

  /** Finds the coins of accounts under some leads. @throws NODE_* */
  async findUnder(
    session: RpcSession,
    wanted: { readonly accounts: readonly string[]; readonly leads: readonly Lead[]; readonly which: Which },
  ): Promise<readonly OwnedCoin[]> {
    const derived = this.#derive(wanted.accounts, wanted.leads)
    const coins = await coinsByPuzzleHashes(session, [...derived.keys()], wanted.which)
    const { parentOf } = await this.#lineage.look(session, coins)
    return genuine(coins, derived, parentOf)
  }

  /**
   * Learns the leads that the parents of hinted coins reveal. `isNews`: some were not known. `isWhole`: false if there were too
   * many parents.
   */
  async #learn(session: RpcSession, strange: readonly CoinRecord[]) {
    const { parentOf, isWhole } = await this.#lineage.look(session, strange, MAX_STRANGE_PUZZLES)
    const added = await this.#book.add(strange.flatMap((coin) => parentOf(coin) ?? []))
    return { isWhole, isNews: added.length > 0 }
  }

  #derive(accounts: readonly string[], leads: readonly Lead[]): Derived {
    const derived = new Map<Hex, { account: string; lead: Lead }>()
    for (const account of accounts) {
      const owner = puzzleHashOf(account)
      for (const lead of leads) {
        const puzzleHash = catPuzzleHash(lead, owner)
        derived.set(puzzleHash, { account, lead })
        this.#lineage.note(puzzleHash, lead)
      }
    }
    return derived
  }
}

/** The coins whose puzzle hash is none of these. */
function without(derived: Derived, coins: readonly CoinRecord[]): readonly CoinRecord[] {
  return coins.filter(({ coin }) => !derived.has(coin.puzzleHash))
}

function genuine(coins: readonly CoinRecord[], derived: Derived, parentOf: ParentOf): readonly OwnedCoin[] {
  return coins.flatMap((record) => {
    const whose = derived.get(record.coin.puzzleHash)
    if (whose === undefined || parentOf(record)?.tail !== whose.lead.tail) return []
    return [{ ...record, account: whose.account, tail: whose.lead.tail }]
  })
}

/** True if a coin is there and not spent at the end of a block. */
export function isHeldAt(block: number, { confirmed, spent }: Pick<CoinRecord, 'confirmed' | 'spent'>): boolean {
  return confirmed <= block && (spent === undefined || spent > block)
}
