import type { BlockTransfers, Hint, Transfer } from '../../../core/transfer.ts'

/**
 * A remark about a log, kept in the list of a block's transfers until `withHints`, so that code which compares, numbers
 * and completes logs needs no second list. `undecodable` and `moved` usually stand without a transfer. `layout`: the transfer beside it has an
 * unusual layout, so its contract must say whether it is fungible. `unsure`: the transfer beside it moves an amount
 * unless its contract has items, which no node could confirm; the balance must be compared.
 */
export type Note = Transfer & { readonly note: Hint['reason'] | 'layout' | 'unsure' }

/** True for a note, false for a transfer. */
export function isNote(transfer: Transfer): transfer is Note {
  return 'note' in transfer
}

/** Removes the notes from a block's transfers, and turns those about an account into hints. */
export function withHints(block: BlockTransfers): BlockTransfers {
  if (!block.transfers.some(isNote)) return block
  const transfers = block.transfers.filter((transfer) => !isNote(transfer))
  const hints = hintsOf(block.transfers.filter(isNote), transfers)
  return hints.length === 0 ? { ...block, transfers } : { ...block, transfers, hints }
}

/** Returns the hints of a block's notes, given its transfers, or at least those of the notes' transactions. */
export function hintsOf(notes: readonly Note[], transfers: readonly Transfer[]): readonly Hint[] {
  const explained = new Set(notes.some(({ note }) => note === 'moved') ? transfers.flatMap(explainedBy) : [])
  const hints = new Map<string, Hint>()
  for (const note of notes) {
    const { asset, from, to, item } = note
    const account = from ?? to
    if (note.note === 'layout' || account === undefined) continue
    if (note.note === 'moved' && explained.has(nameOf(note))) continue
    const reason = note.note === 'unsure' ? 'moved' : note.note
    const hint: Hint = item === '' ? { asset, account, reason } : { asset, account, reason, item }
    const key = `${reason}/${asset.standard}/${asset.reference}/${account}/${item}`
    if (!hints.has(key)) hints.set(key, hint)
  }
  return [...hints.values()]
}

/**
 * Returns the deposits and withdrawals that a transfer already covers: a mint or burn of the same amount, or a transfer
 * to or from the contract itself, in the same transaction.
 */
function explainedBy(transfer: Transfer): readonly string[] {
  const { asset, from, to } = transfer
  const self = asset.reference
  const names: string[] = []
  if (to !== undefined && (from === undefined || from === self)) names.push(nameOf({ ...transfer, from: undefined }))
  if (from !== undefined && (to === undefined || to === self)) names.push(nameOf({ ...transfer, to: undefined }))
  // A deposit into the contract leaves the account, and a withdrawal returns to it.
  if (from !== undefined && to === self) names.push(nameOf({ ...transfer, from: undefined, to: from }))
  if (to !== undefined && from === self) names.push(nameOf({ ...transfer, from: to, to: undefined }))
  return names
}

type Named = Pick<Transfer, 'transactionHash' | 'asset' | 'from' | 'to' | 'amount'>

function nameOf({ transactionHash, asset, from, to, amount }: Named): string {
  return `${transactionHash}/${asset.reference}/${from ?? ''}/${to ?? ''}/${amount}`
}
