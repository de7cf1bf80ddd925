import { AssetDictionary } from '../../../bulk/raw-log/asset-dictionary.ts'
import type { AssetRef } from '../../../core/asset.ts'
import { isServiceError } from '../../../core/errors.ts'
import type { BlockTransfers, Transfer } from '../../../core/transfer.ts'
import type { CoolDowns } from '../../nodes/cool-downs.ts'
import type { ScannedBlock } from '../scan/scanned-block.ts'
import { contractsWithAmounts, type IsKnown, NUMBERS_ASKED, scannedSamples } from '../scan/scanned-samples.ts'
import type { Sample, TokenNature } from '../state/token-nature.ts'
import { ZERO_ADDRESS } from '../words/hex.ts'
import { accountOf, mayBeAccount } from '../words/layouts.ts'
import { isNote, type Note } from './notes.ts'

/** Asks contracts what they are; undefined for those that the node could not answer. @throws NODE_* */
export type AskNature = (
  samples: readonly Sample[],
  signal: AbortSignal,
) => Promise<readonly (TokenNature | undefined)[]>

/** Most contracts to remember: about 15 MB. Beyond this all are forgotten and asked again. */
const MAX_REMEMBERED = 100_000
const ASKING = 'standards'

/**
 * `noted`: they may be misread, which `notesOf` says of each. `misread`: only `assignStandards` can correct them.
 */
export type ScannedAs = 'right' | 'noted' | 'misread'

/**
 * Assigns the contract's own standard to transfers of ambiguous layouts. Also finds item contracts among those whose
 * transfers have an amount's standard layout. Each contract is asked once for each of the two questions.
 */
export class TokenStandards {
  readonly #ask: AskNature
  readonly #coolDowns: CoolDowns
  readonly #unusual = new Map<string, TokenNature>()
  /** The same for contracts whose transfers have an amount's standard layout. */
  readonly #usual = new Map<string, TokenNature>()
  /** Contracts with a log whose amount could not be an account's address. */
  readonly #withAmounts = new Set<string>()
  /** Assets of scanned blocks that are settled, and of which nothing is left to ask. They are found without a text. */
  readonly #known = new AssetDictionary()

  constructor(ask: AskNature, coolDowns: CoolDowns) {
    this.#ask = ask
    this.#coolDowns = coolDowns
  }

  /**
   * Returns the same blocks with the right asset for each transfer. If no node can answer, the layout decides.
   * `isOld`: the blocks are old enough for every node to have their contracts.
   */
  async assignStandards(
    blocks: readonly BlockTransfers[],
    { isOld }: { readonly isOld: boolean },
    signal: AbortSignal,
  ): Promise<readonly BlockTransfers[]> {
    const known = { odd: this.#unusual, usual: this.#usual }
    await this.#askNatures(samplesOf(blocks, known), isOld, signal)
    this.#noteAmounts(blocks)
    return blocks.map((block) => this.#assigned(block))
  }

  /** Asks the contracts of scanned blocks that were not asked yet. The blocks are old. */
  async learnScanned(blocks: readonly ScannedBlock[], signal: AbortSignal): Promise<void> {
    const isKnown: IsKnown = (assets, index) => this.#known.has(assets, index)
    const isUnasked = ({ standard, reference }: AssetRef): boolean => {
      if (standard === 'erc721') return !this.#unusual.has(reference)
      return standard === 'erc20' && !this.#usual.has(reference)
    }
    await this.#askNatures(scannedSamples(blocks, { isKnown, isOpen: isUnasked }), true, signal)
    this.#forgetAmounts()
    const isOpen = ({ standard, reference }: AssetRef): boolean =>
      standard === 'erc20' && !this.#withAmounts.has(reference)
    for (const reference of contractsWithAmounts(blocks, { isKnown, isOpen })) this.#withAmounts.add(reference)
  }

  /** How right the transfers of an asset with a standard layout are, as they were scanned. */
  scannedAs(assets: AssetDictionary, index: number): ScannedAs {
    if (this.#known.has(assets, index)) return 'right'
    const { standard, reference } = assets.at(index)
    if (standard === 'erc721' && this.#unusual.get(reference) === 'units') return 'misread'
    const nature = standard === 'erc20' ? this.#usual.get(reference) : 'as_laid'
    if (nature === undefined || nature === 'items') return 'noted'
    if (standard === 'erc20' && !this.#withAmounts.has(reference)) return 'noted'
    // A contract that could not be asked is asked again at its next transfer.
    if (standard === 'erc721' && !this.#unusual.has(reference)) return 'right'
    if (this.#known.count >= MAX_REMEMBERED) this.#known.clear()
    this.#known.indexIn(assets, index)
    return 'right'
  }

  /** Returns the notes of transfers with a standard layout, as `assignStandards` adds them to their block. */
  notesOf(transfers: readonly Transfer[]): readonly Note[] {
    return this.#notes({ transfers })
  }

  #assigned(block: BlockTransfers): BlockTransfers {
    const notes = this.#notes(block)
    const corrected = this.#corrected(block)
    return notes.length === 0 ? corrected : { ...corrected, transfers: [...corrected.transfers, ...notes] }
  }

  async #askNatures(samples: readonly Sample[], isOld: boolean, signal: AbortSignal): Promise<void> {
    if (samples.length === 0 || this.#coolDowns.isPaused(ASKING)) return
    try {
      const natures = await this.#ask(samples, signal)
      for (const known of [this.#unusual, this.#usual]) if (known.size > MAX_REMEMBERED) this.#forget(known)
      for (const [index, { contract, usual }] of samples.entries()) {
        const nature = natures[index]
        // A node may not have a new contract yet.
        if (nature === undefined || (nature === 'as_laid' && !isOld)) continue
        const known = usual === true ? this.#usual : this.#unusual
        known.set(contract, nature)
      }
      this.#coolDowns.answered(ASKING)
    } catch (error) {
      if (!isServiceError(error) || signal.aborted) throw error
      this.#coolDowns.failed(ASKING)
    }
  }

  #forgetAmounts(): void {
    if (this.#withAmounts.size > MAX_REMEMBERED) this.#forget(this.#withAmounts)
  }

  #forget(known: { clear(): void }): void {
    known.clear()
    this.#known.clear()
  }

  #noteAmounts(blocks: readonly BlockTransfers[]): void {
    this.#forgetAmounts()
    for (const { transfers } of blocks) {
      for (const transfer of transfers) {
        const { asset, amount } = transfer
        if (asset.standard === 'erc20' && !isNote(transfer) && !mayBeAccount(amount))
          this.#withAmounts.add(asset.reference)
      }
    }
  }

  #corrected(block: BlockTransfers): BlockTransfers {
    const { transfers } = block
    if (!transfers.some((transfer) => this.#isOther(transfer))) return block
    const odd = logsOfUnusualLayout(transfers)
    return {
      ...block,
      transfers: transfers.map((transfer) => {
        if (!this.#isOther(transfer)) return transfer
        if (transfer.asset.standard === 'erc721') return asUnits(transfer)
        return odd.has(transfer.event) ? asItem(transfer) : transfer
      }),
    }
  }

  /**
   * Returns notes for ERC-20 transfers that may be misread: of a contract with items, of one whose nature is not known,
   * and of one whose amounts could all be addresses, so that the topics may be an account and the amount. The transfers
   * stay, so that a block decodes alike
   * whatever the node answered.
   */
  #notes({ transfers }: Pick<BlockTransfers, 'transfers'>): readonly Note[] {
    const odd = logsOfUnusualLayout(transfers)
    return transfers.flatMap((transfer): Note[] => {
      if (isNote(transfer) || transfer.asset.standard !== 'erc20') return []
      const { reference } = transfer.asset
      const isUsual = !odd.has(transfer.event)
      const nature = isUsual ? this.#usual.get(reference) : this.#unusual.get(reference)
      const sides = [transfer.from, transfer.to]
      if (isUsual && nature === 'items') return notesOf(transfer, sides, 'undecodable')
      const isProven = !isUsual || this.#withAmounts.has(reference)
      if (!isProven) return notesOf(transfer, [...sides, accountOf(transfer.amount)], 'unsure')
      return nature === undefined ? notesOf(transfer, sides, 'unsure') : []
    })
  }

  /** True if a transfer's contract has the other standard than the layout suggests. */
  #isOther({ asset }: Transfer): boolean {
    if (asset.standard !== 'erc721' && asset.standard !== 'erc20') return false
    const nature = this.#unusual.get(asset.reference)
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

/** Returns a note for each account of a transfer. */
function notesOf(
  transfer: Transfer,
  accounts: readonly (string | undefined)[],
  note: 'undecodable' | 'unsure',
): Note[] {
  return accounts.flatMap((from) =>
    from === undefined || from === ZERO_ADDRESS ? [] : [{ ...transfer, from, to: undefined, note }],
  )
}

/** Returns the indexes of the logs with a note about their layout. */
function logsOfUnusualLayout(transfers: readonly Transfer[]): ReadonlySet<number> {
  return new Set(transfers.flatMap((one) => (isNote(one) && one.note !== 'moved' ? [one.event] : [])))
}

type KnownNatures = Readonly<Record<'odd' | 'usual', ReadonlyMap<string, TokenNature>>>

/** Returns the contracts that were not asked yet, for ambiguous layouts and for an amount's standard layout. */
function samplesOf(blocks: readonly BlockTransfers[], known: KnownNatures): readonly Sample[] {
  const samples = { odd: new Map<string, bigint[]>(), usual: new Map<string, bigint[]>() }
  for (const { transfers } of blocks) {
    const odd = logsOfUnusualLayout(transfers)
    for (const transfer of transfers) {
      const { asset, item, amount } = transfer
      if (isNote(transfer) && transfer.note === 'moved') continue
      if (asset.standard !== 'erc721' && asset.standard !== 'erc20') continue
      const kind = asset.standard === 'erc721' || odd.has(transfer.event) ? 'odd' : 'usual'
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
