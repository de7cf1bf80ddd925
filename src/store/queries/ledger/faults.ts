import type { LedgerFault } from '../../seam/ledger-store.ts'

/** The first faults that are found. */
export class Faults {
  readonly found: LedgerFault[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Adds a fault, if there is one. Returns false once there are enough. */
  add(fault: LedgerFault | undefined): boolean {
    if (fault !== undefined && !this.areEnough) this.found.push(fault)
    return !this.areEnough
  }

  get areEnough(): boolean {
    return this.found.length >= this.#limit
  }
}
