import type { AssetRef } from '../../core/asset.ts'
import { isServiceError } from '../../core/errors.ts'
import type { BlockTransfers, Transfer } from '../../core/transfer.ts'
import type { Sample, TokenNature } from './natures.ts'
import { isNote } from './notes.ts'
import type { Refusals } from './refusals.ts'

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

/** Gives transfers of ambiguous layouts the standard that their contract has. Each contract is asked once. */
export class TokenStandards {
  readonly #ask: AskNature
  readonly #refusals: Refusals
  readonly #known = new Map<string, TokenNature>()

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
    await this.#learn(samplesOf(blocks, this.#known), settled, signal)
    return blocks.map((block) => this.#corrected(block))
  }

  async #learn(samples: readonly Sample[], settled: boolean, signal: AbortSignal): Promise<void> {
    if (samples.length === 0 || this.#refusals.isPaused(ASKING)) return
    try {
      const natures = await this.#ask(samples, signal)
      if (this.#known.size > MAX_REMEMBERED) this.#known.clear()
      for (const [place, { contract }] of samples.entries()) {
        const nature = natures[place]
        // A node may not have a new contract yet.
        if (nature !== undefined && (settled || nature !== 'as_laid')) this.#known.set(contract, nature)
      }
      this.#refusals.answered(ASKING)
    } catch (error) {
      if (!isServiceError(error) || signal.aborted) throw error
      this.#refusals.failed(ASKING)
    }
  }

  #corrected(block: BlockTransfers): BlockTransfers {
    const { transfers } = block
    if (!transfers.some((transfer) => this.#isOther(transfer))) return block
    const odd = new Set(transfers.flatMap((one) => (isNote(one) && one.note !== 'moved' ? [one.logIndex] : [])))
    return {
      ...block,
      transfers: transfers.map((transfer) => {
        if (!this.#isOther(transfer)) return transfer
        if (transfer.asset.standard === 'erc721') return asUnits(transfer)
        return odd.has(transfer.logIndex) ? asItem(transfer) : transfer
      }),
    }
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

/** Contracts of ambiguous layouts that are not known yet. */
function samplesOf(blocks: readonly BlockTransfers[], known: ReadonlyMap<string, TokenNature>): readonly Sample[] {
  const samples = new Map<string, bigint[]>()
  for (const { transfers } of blocks) {
    for (const transfer of transfers) {
      const { asset, item, amount } = transfer
      const isAmbiguous =
        asset.standard === 'erc721' || (asset.standard === 'erc20' && isNote(transfer) && transfer.note !== 'moved')
      if (!isAmbiguous || known.has(asset.reference)) continue
      const numbers = samples.get(asset.reference) ?? []
      samples.set(asset.reference, numbers)
      const number = item === '' ? amount : BigInt(item)
      if (numbers.length < NUMBERS_ASKED && !numbers.includes(number)) numbers.push(number)
    }
  }
  return [...samples].map(([contract, numbers]) => ({ contract, numbers }))
}
