import type { AssetRef } from '../../../core/asset.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { Sample, TokenNature } from '../state/token-nature.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'
import { accountOf, mayBeAccount } from '../words/layouts.ts'
import type { Refusals } from '../words/refusals.ts'
import { isNote, type Note } from './notes.ts'

/** Asks contracts; undefined for those of which the node could not say. @throws NODE_* */
export type AskNature = (
  samples: readonly Sample[],
  signal: AbortSignal,
) => Promise<readonly (TokenNature | undefined)[]>

/** Contracts remembered: some 15 MB. Past this all are forgotten and asked again. */
const MAX_REMEMBERED = 100_000
/** Numbers of a contract that are asked for an owner: an item may be burnt by now. */
const NUMBERS_ASKED = 3
const ASKING = 'standards'

/**
 * Gives transfers of ambiguous layouts the standard that their contract has, and finds contracts of items among those whose
 * transfers have an amount's standard layout. Each contract is asked once for each of the two questions.
 */
export class TokenStandards {
  readonly #ask: AskNature
  readonly #refusals: Refusals
  readonly #known = new Map<string, TokenNature>()
  /** The same of contracts whose transfers have an amount's standard layout. */
  readonly #usual = new Map<string, TokenNature>()
  /** Contracts of which a log had an amount where the standard layout has it, which could be no account. */
  readonly #proven = new Set<string>()

  constructor(ask: AskNature, refusals: Refusals) {
    this.#ask = ask
    this.#refusals = refusals
  }

  /**
   * The same blocks, each transfer with its right asset. Where no node can be asked, the layout decides. `settled`: the
   * blocks are old enough for every node to have their contracts.
   */
  async settle(
    blocks: readonly BlockTransfers[],
    { settled }: { readonly settled: boolean },
    signal: AbortSignal,
  ): Promise<readonly BlockTransfers[]> {
    const known = { odd: this.#known, usual: this.#usual }
    await this.#learn(samplesOf(blocks, known), settled, signal)
    this.#prove(blocks)
    return blocks.map((block) => {
      const notes = this.#notes(block)
      const corrected = this.#corrected(block)
      return notes.length === 0 ? corrected : { ...corrected, transfers: [...corrected.transfers, ...notes] }
    })
  }

  async #learn(samples: readonly Sample[], settled: boolean, signal: AbortSignal): Promise<void> {
    if (samples.length === 0 || this.#refusals.isPaused(ASKING)) return
    try {
      const natures = await this.#ask(samples, signal)
      for (const known of [this.#known, this.#usual]) if (known.size > MAX_REMEMBERED) known.clear()
      for (const [place, { contract, usual }] of samples.entries()) {
        const nature = natures[place]
        // A node may not have a new contract yet.
        if (nature === undefined || (nature === 'as_laid' && !settled)) continue
        const known = usual === true ? this.#usual : this.#known
        known.set(contract, nature)
      }
      this.#refusals.answered(ASKING)
    } catch (error) {
      if (!isServiceError(error) || signal.aborted) throw error
      this.#refusals.failed(ASKING)
    }
  }

  #prove(blocks: readonly BlockTransfers[]): void {
    if (this.#proven.size > MAX_REMEMBERED) this.#proven.clear()
    for (const { transfers } of blocks) {
      for (const transfer of transfers) {
        const { asset, amount } = transfer
        if (asset.standard === 'erc20' && !isNote(transfer) && !mayBeAccount(amount)) this.#proven.add(asset.reference)
      }
    }
  }

  #corrected(block: BlockTransfers): BlockTransfers {
    const { transfers } = block
    if (!transfers.some((transfer) => this.#isOther(transfer))) return block
    const odd = laidOut(transfers)
    return {
      ...block,
      transfers: transfers.map((transfer) => {
        if (!this.#isOther(transfer)) return transfer
        if (transfer.asset.standard === 'erc721') return asUnits(transfer)
        return odd.has(transfer.logIndex) ? asItem(transfer) : transfer
      }),
    }
  }

  /**
   * Notes for amounts of contracts that are not known to be of units, and where the amount may be an account, so that
   * two topics that look like accounts may be one account and the amount. The transfers stay, so that a block is decoded
   * alike whatever the node could tell.
   */
  #notes({ transfers }: BlockTransfers): readonly Note[] {
    const odd = laidOut(transfers)
    return transfers.flatMap((transfer): Note[] => {
      if (isNote(transfer) || transfer.asset.standard !== 'erc20') return []
      const { reference } = transfer.asset
      const isUsual = !odd.has(transfer.logIndex)
      const nature = isUsual ? this.#usual.get(reference) : this.#known.get(reference)
      const sides = [transfer.from, transfer.to]
      if (isUsual && nature === 'items') return notesOf(transfer, sides, 'undecodable')
      const isProven = !isUsual || this.#proven.has(reference)
      if (!isProven) return notesOf(transfer, [...sides, accountOf(transfer.amount)], 'unsure')
      return nature === undefined ? notesOf(transfer, sides, 'unsure') : []
    })
  }

  /** True where a transfer's contract says that it is of the other standard than the layout tells. */
  #isOther({ asset }: Transfer): boolean {
    if (asset.standard !== 'erc721' && asset.standard !== 'erc20') return false
    const nature = this.#known.get(asset.reference)
    return nature !== undefined && nature === (asset.standard === 'erc721' ? 'units' : 'items')
  }
}

function asUnits(transfer: Transfer): Transfer {
  const asset: AssetRef = { standard: 'erc20', reference: transfer.asset.reference }
  const amount = isNote(transfer) ? transfer.amount : BigInt(transfer.item)
  return { ...transfer, asset, item: '', amount }
}

function asItem(transfer: Transfer): Transfer {
  const asset: AssetRef = { standard: 'erc721', reference: transfer.asset.reference }
  return isNote(transfer)
    ? { ...transfer, asset }
    : { ...transfer, asset, item: transfer.amount.toString(), amount: 1n }
}

/** A note for each account of a transfer. */
function notesOf(
  transfer: Transfer,
  accounts: readonly (string | undefined)[],
  note: 'undecodable' | 'unsure',
): Note[] {
  return accounts.flatMap((from) =>
    from === undefined || from === ZERO_ADDRESS ? [] : [{ ...transfer, from, to: undefined, note }],
  )
}

/** Logs whose layout was noted beside their transfer. */
function laidOut(transfers: readonly Transfer[]): ReadonlySet<number> {
  return new Set(transfers.flatMap((one) => (isNote(one) && one.note !== 'moved' ? [one.logIndex] : [])))
}

type KnownNatures = Readonly<Record<'odd' | 'usual', ReadonlyMap<string, TokenNature>>>

/** Contracts that are not known yet, of ambiguous layouts and of the standard layout of amounts. */
function samplesOf(blocks: readonly BlockTransfers[], known: KnownNatures): readonly Sample[] {
  const samples = { odd: new Map<string, bigint[]>(), usual: new Map<string, bigint[]>() }
  for (const { transfers } of blocks) {
    const odd = laidOut(transfers)
    for (const transfer of transfers) {
      const { asset, item, amount } = transfer
      if (isNote(transfer) && transfer.note === 'moved') continue
      if (asset.standard !== 'erc721' && asset.standard !== 'erc20') continue
      const kind = asset.standard === 'erc721' || odd.has(transfer.logIndex) ? 'odd' : 'usual'
      if (known[kind].has(asset.reference)) continue
      const numbers = samples[kind].get(asset.reference) ?? []
      samples[kind].set(asset.reference, numbers)
      const number = item === '' ? amount : BigInt(item)
      if (numbers.length < NUMBERS_ASKED && !numbers.includes(number)) numbers.push(number)
    }
  }
  const named = (some: ReadonlyMap<string, readonly bigint[]>, usual: boolean): readonly Sample[] =>
    [...some].map(([contract, numbers]) => ({ contract, numbers, usual }))
  return [...named(samples.odd, false), ...named(samples.usual, true)]
}
