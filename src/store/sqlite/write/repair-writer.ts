import type { BlockRef } from '../../../core/block.ts'
import type { Scope } from '../../../core/coverage.ts'
import type { BlockTransfers } from '../../../core/transfer.ts'
import type { RepairMode } from '../../seam/store.ts'
import type { AssetTable } from '../rows/asset-table.ts'
import type { DoubtWriter } from './doubt-writer.ts'
import type { HintWriter } from './hint-writer.ts'
import type { PairHistory } from './pair-history.ts'
import { logPosition, TouchedPairs, type TransferRow, type TransferWriter, without } from './transfer-writer.ts'

/** The dependencies of a `RepairWriter`. */
export type RepairDeps = {
  readonly assets: AssetTable
  readonly transfers: TransferWriter
  readonly history: PairHistory
  readonly hints: HintWriter
  readonly doubts: DoubtWriter
  readonly decode: (account: Buffer) => string
  /** The accounts of a scope, as stored; undefined for other scopes. */
  readonly accountsOf: (scope: Scope | undefined) => ReadonlySet<string> | undefined
}

/** How the transfers of blocks are replaced. `scope`: what the given transfers are of, if not of all that is indexed. */
export type RepairHow = { readonly mode?: RepairMode | undefined; readonly scope?: Scope | undefined }

/**
 * Replaces the transfers of past blocks, and recomputes everything that follows from them: running sums, amounts,
 * lists, holders, counts, supply. Runs inside the journal's transaction. Cost: the changes of the affected pairs from
 * those blocks on.
 */
export class RepairWriter {
  readonly #deps: RepairDeps

  constructor(deps: RepairDeps) {
    this.#deps = deps
  }

  /**
   * Replaces the transfers of blocks of ours. Returns how many were added and removed. Tokens whose transfers changed
   * are in doubt from then on.
   */
  replace(
    blocks: readonly BlockTransfers[],
    { mode, scope }: RepairHow,
  ): { inserted: number; removed: number; changed: readonly BlockRef[]; accounts: readonly string[] } {
    const { doubts, transfers } = this.#deps
    const touched = new TouchedPairs()
    const isGiven = this.#isGiven(scope)
    const isOfAccounts = scope?.type === 'accounts'
    const changed: BlockRef[] = []
    const wereMet = new Map<number, boolean>()
    let [inserted, removed] = [0, 0]
    for (const block of blocks) {
      const stored = transfers.at(block.number)
      // An account may be no longer followed since the blocks were fetched.
      const wanted = block.transfers
        .map((transfer) => transfers.encode(transfer))
        .filter((row) => !isOfAccounts || transfers.hasChanges(row))
      const missing = without(wanted, stored)
      const positions = new Set(missing.map(logPosition))
      // If the given logs may be incomplete, remove a stored transfer only if another one has its position.
      const surplus = without(stored, wanted).filter(
        (row) => positions.has(logPosition(row)) || (mode === undefined && isGiven(row)),
      )
      if (missing.length + surplus.length > 0) changed.push({ number: block.number, hash: block.hash })
      for (const [, , asset] of [...surplus, ...missing]) {
        if (!wereMet.has(asset)) wereMet.set(asset, transfers.isMet(asset))
      }
      const place = { block: block.number, touched }
      for (const row of surplus) transfers.remove(row, place)
      if (missing.length > 0) {
        transfers.keepBlock(block)
        for (const row of missing) transfers.insert(row, place)
      }
      doubts.lack(this.#lacking(surplus, missing), block)
      if (wanted.length === 0 && surplus.length > 0 && surplus.length === stored.length)
        transfers.unkeepBlock(block.number)
      inserted += missing.length
      removed += surplus.length
    }
    // A removed transfer may have been the first of its asset, which is cached.
    if (removed > 0) this.#deps.assets.forget()
    this.#deps.hints.note(blocks)
    for (const { key, from } of touched.all()) this.#deps.history.rewrite(key, from)
    // Hints count only while transfers show that the contract is a token, so recompute their pairs if that changed.
    for (const [asset, wasMet] of wereMet) if (transfers.isMet(asset) !== wasMet) this.#deps.hints.remeet(asset)
    if (mode === 'redecoded') {
      this.#deps.hints.redecoded(blocks, (asset) => transfers.remeet(asset))
      doubts.redecoded()
    }
    return { inserted, removed, changed, accounts: touched.accounts().map((account) => this.#deps.decode(account)) }
  }

  /** A test that is true for stored transfers that the given ones would include. */
  #isGiven(scope: Scope | undefined): (row: TransferRow) => boolean {
    const accounts = this.#deps.accountsOf(scope)
    if (accounts === undefined) return () => true
    const has = (side: Buffer | null): boolean => side !== null && accounts.has(side.toString('hex'))
    return ([, , , sender, receiver]) => has(sender) || has(receiver)
  }

  /**
   * The assets of which logs were missing or wrong. Not those of one contract that is known by reads, as the replaced
   * transfer and as the new one: its log is only read in another way.
   */
  #lacking(removed: readonly TransferRow[], added: readonly TransferRow[]): ReadonlySet<number> {
    const { assets } = this.#deps
    const before = new Map(removed.map((row) => [logPosition(row), row[2]]))
    const reread = new Set<string>()
    for (const row of added) {
      const id = before.get(logPosition(row))
      if (id === undefined || id === row[2]) continue
      const [old, now] = [assets.byId(id), assets.byId(row[2])]
      const areRead = old.accounting === 'reads' && now.accounting === 'reads'
      if (areRead && old.asset.reference === now.asset.reference) reread.add(logPosition(row))
    }
    return new Set([...removed, ...added].flatMap((row) => (reread.has(logPosition(row)) ? [] : [row[2]])))
  }
}
