import type { BlockRef } from '../core/block.ts'
import { isOperation } from '../core/operation.ts'
import type { AuditedBlock, LedgerAudit, LedgerFault, LedgerJournal } from '../store/seam/ledger-store.ts'
import type { LedgerStore } from '../store/seam/store.ts'
import { decideAgain, needsOf, type PastRequest } from './decide.ts'
import { genesisOf } from './record.ts'

/** Number of blocks that one commit of the replica decides again: each commit waits for the disk. */
const GROUP = 1_024
/** Largest number of reported faults: the first few show the cause. */
const MAX_FAULTS = 20

/** The result of a verification. `head`: the last block of the record that the hashes lead to. */
export type Verified = {
  readonly operations: number
  readonly head: BlockRef | undefined
  readonly faults: readonly LedgerFault[]
}

/** The input of a verification. `anchors`: blocks that someone noted earlier, elsewhere. */
export type Verification = {
  readonly audit: LedgerAudit
  /** The ledger of an empty store of any engine. The verification writes the operations into it again. */
  readonly replica: Pick<LedgerStore, 'openJournal' | 'openAudit'>
  readonly chain: Parameters<typeof genesisOf>[0]
  readonly anchors: readonly BlockRef[]
}

/**
 * Verifies a ledger from its operations alone. It decides each operation again, in order and at its time, and compares
 * hash, parent and number. It adds up every balance and supply again. It compares every other table with one that is
 * written again from the operations. If someone rewrote the whole record with all its hashes, only `anchors` reveal it.
 */
export async function verifyLedger({ audit, replica, chain, anchors }: Verification): Promise<Verified> {
  const damage = await audit.damage()
  if (damage.length > 0) return { operations: 0, head: undefined, faults: damage }
  const walk = new Walk(anchors)
  await decideAll(audit, { walk, chain, replica })
  if (walk.faults.length === 0) walk.faults.push(...(await audit.sums(MAX_FAULTS)), ...walk.missingAnchors())
  if (walk.faults.length === 0) {
    const rewritten = await replica.openAudit(chain)
    try {
      walk.faults.push(...(await audit.differences(rewritten, MAX_FAULTS)))
    } finally {
      await rewritten.close()
    }
  }
  return { operations: walk.operations, head: walk.head, faults: walk.faults.slice(0, MAX_FAULTS) }
}

/** Writes the operations into the replica again, up to the first fault. */
async function decideAll(
  audit: LedgerAudit,
  { walk, chain, replica }: Pick<Verification, 'chain' | 'replica'> & { readonly walk: Walk },
): Promise<void> {
  let journal: LedgerJournal | undefined
  let group: AuditedBlock[] = []
  for await (const block of audit.blocks()) {
    if (!walk.follows(block)) break
    if (journal === undefined) {
      const genesis = genesisOf(chain, block.header.timestamp)
      if (!walk.begins(block, genesis.hash)) break
      journal = await replica.openJournal(chain, genesis)
      continue
    }
    group.push(block)
    if (group.length === GROUP) {
      await decideGroup(journal, group, walk)
      group = []
      if (walk.faults.length > 0) break
    }
  }
  if (journal === undefined) return
  if (walk.faults.length === 0) await decideGroup(journal, group, walk)
  await journal.close()
}

/** The state of the walk along the record: the verified part, and the faults. */
class Walk {
  readonly faults: LedgerFault[] = []
  operations = 0
  head: BlockRef | undefined
  #number = -1
  #hash = ''
  readonly #anchors: Map<number, string>

  constructor(anchors: readonly BlockRef[]) {
    this.#anchors = new Map(anchors.map(({ number, hash }) => [number, hash]))
  }

  /** True if the block is the next one and its parent hash matches. */
  follows(block: AuditedBlock | LedgerFault): block is AuditedBlock {
    if (!('header' in block)) this.faults.push(block)
    else {
      const { number, parentHash, hash } = block.header
      if (number !== this.#number + 1) this.fault(this.#number + 1, `the next block in the record is ${number}`)
      else if (parentHash !== this.#hash) this.fault(number, 'its parent hash is not the hash of the block before it')
      this.#number = number
      this.#hash = hash
    }
    return this.faults.length === 0
  }

  begins({ header, recorded }: AuditedBlock, hash: string): boolean {
    if (recorded !== undefined || header.hash !== hash) this.fault(0, 'it is not the first block of this ledger')
    else this.#addBlock({ number: 0, hash })
    return this.faults.length === 0
  }

  /** Checks a block that was decided again. `hash` is the hash of its content, undefined if the rules reject it. */
  decided(block: AuditedBlock, hash: string | undefined, refusal: string): void {
    const { recorded, header } = block
    if (recorded === undefined || this.faults.length > 0) return
    if (hash === undefined) this.fault(header.number, `the rules reject its operation: ${refusal}`)
    else if (hash !== header.hash) this.fault(header.number, 'its hash does not match its content')
    else this.#count({ number: header.number, hash })
  }

  #count(block: BlockRef): void {
    this.operations += 1
    this.#addBlock(block)
  }

  fault(block: number, says: string): void {
    this.faults.push({ block, says })
  }

  missingAnchors(): readonly LedgerFault[] {
    return [...this.#anchors.keys()].map((block) => ({ block, says: 'the record ends before this block' }))
  }

  #addBlock(block: BlockRef): void {
    this.head = block
    const noted = this.#anchors.get(block.number)
    if (noted !== undefined && noted !== block.hash)
      this.fault(block.number, `its hash is not ${noted}, the noted hash`)
    this.#anchors.delete(block.number)
  }
}

async function decideGroup(replica: LedgerJournal, blocks: readonly AuditedBlock[], walk: Walk): Promise<void> {
  const requests: PastRequest[] = []
  for (const block of blocks) {
    const { number } = block.header
    if (block.recorded === undefined) walk.fault(number, 'its operation is missing')
    else if (!isOperation(block.recorded.operation)) walk.fault(number, 'its operation is invalid')
    if (block.recorded === undefined || walk.faults.length > 0) return
    const { operation, timestamp } = block.recorded
    requests.push({ operation, timestamp, idempotency: block.idempotency })
  }
  const outcomes = await replica.commit(needsOf(requests), (facts) => decideAgain(requests, facts))
  for (const [index, block] of blocks.entries()) {
    const outcome = outcomes[index]
    const isNew = outcome?.accepted === true && outcome.receipt.created && !outcome.receipt.replayed
    const refusal = outcome?.accepted === false ? outcome.reason : 'it repeats an earlier operation'
    walk.decided(block, isNew ? outcome.receipt.block.hash : undefined, refusal)
  }
}
