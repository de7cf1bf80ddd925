import type { AssetDictionary } from '../../../bulk/raw-log/asset-dictionary.ts'
import { RecordFields } from '../../../bulk/raw-log/record-fields.ts'
import { LENGTH_AT, TRANSFER } from '../../../bulk/raw-log/record-layout.ts'
import { bytesOf } from '../../../bulk/raw-log/unpack.ts'
import type { AssetRef } from '../../../core/asset.ts'
import type { Sample } from '../state/token-nature.ts'
import { mayBeAccount } from '../words/layouts.ts'
import type { ScannedBlock, ScannedRecords } from './scanned-block.ts'

/** How many of a contract's numbers are checked for an owner: an item may be burnt by now. */
export const NUMBERS_ASKED = 3

/** True for an asset of a dictionary of which nothing is left to learn. */
export type IsKnown = (assets: AssetDictionary, index: number) => boolean

/** Which assets to look at. `isOpen` is asked of those that are not known. */
type Which = { readonly isKnown: IsKnown; readonly isOpen: (asset: AssetRef) => boolean }

/** Returns what to ask of the contracts of scanned blocks that are open. Their logs all have a standard layout. */
export function scannedSamples(blocks: readonly ScannedBlock[], which: Which): readonly Sample[] {
  const samples = new Map<string, { readonly contract: string; readonly numbers: bigint[]; readonly usual: boolean }>()
  visit(blocks, which, ({ standard, reference }, number) => {
    const key = `${standard} ${reference}`
    const sample = samples.get(key) ?? { contract: reference, numbers: [], usual: standard === 'erc20' }
    samples.set(key, sample)
    const { numbers } = sample
    const asked = number()
    if (!numbers.includes(asked)) numbers.push(asked)
    return numbers.length < NUMBERS_ASKED
  })
  return [...samples.values()]
}

/** Returns the contracts of scanned blocks, of those that are open, that moved an amount that is no account's address. */
export function contractsWithAmounts(blocks: readonly ScannedBlock[], which: Which): readonly string[] {
  const found: string[] = []
  visit(blocks, which, ({ reference }, number) => {
    if (mayBeAccount(number())) return true
    found.push(reference)
    return false
  })
  return found
}

/**
 * Calls `look` with the transfers of open assets, and the number that each moves: the item's id if there is one, else the
 * amount. An asset is no longer open, in the records of one answer, once `look` returns false.
 */
function visit(
  blocks: readonly ScannedBlock[],
  which: Which,
  look: (asset: AssetRef, number: () => bigint) => boolean,
): void {
  let records: ScannedRecords | undefined
  let open: (AssetRef | undefined)[] = []
  let left = 0
  for (const block of blocks) {
    if (block.records !== records) {
      records = block.records
      open = openAssets(records, which)
      left = open.filter((asset) => asset !== undefined).length
    }
    const { buffer } = block.records
    const fields = new RecordFields(buffer)
    for (let at = block.from; at < block.to && left > 0; at += buffer.readUInt16LE(at + LENGTH_AT)) {
      if (buffer[at] !== TRANSFER) continue
      fields.readTransfer(at)
      const asset = open[fields.asset]
      if (asset === undefined || look(asset, () => numberOf(fields))) continue
      open[fields.asset] = undefined
      left--
    }
  }
}

function openAssets({ assets }: ScannedRecords, { isKnown, isOpen }: Which): (AssetRef | undefined)[] {
  return Array.from({ length: assets.count }, (_, index) => {
    if (isKnown(assets, index)) return undefined
    const asset = assets.at(index)
    return isOpen(asset) ? asset : undefined
  })
}

function numberOf(fields: RecordFields): bigint {
  const { itemAt, itemLength, amountAt, amountLength } = fields
  const bytes = itemLength > 0 ? bytesOf(fields, itemAt, itemLength) : bytesOf(fields, amountAt, amountLength)
  return bytes.length === 1 ? 0n : BigInt(`0x${bytes.toString('hex', 1)}`)
}
