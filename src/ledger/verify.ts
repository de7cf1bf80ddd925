import type { BlockRef } from '../core/block.ts'
import { fieldsOf, isOperation, type RecordedOperation } from '../core/operation.ts'
import type { AuditedBlock, LedgerAudit, LedgerFault, LedgerJournal } from '../store/seam/ledger-store.ts'
import { decideAgain, needsOf, type PastRequest } from './decide.ts'
import { holdingName } from './draft.ts'
import { genesisOf } from './record.ts'

/** Number of blocks that one commit of the replica decides again. */
const GROUP = 256
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
  /** Opens an empty ledger with this first block. The verification writes the operations into it again. */
  readonly openReplica: (genesis: ReturnType<typeof genesisOf>) => Promise<LedgerJournal>
  readonly chain: Parameters<typeof genesisOf>[0]
  readonly anchors: readonly BlockRef[]
}

/**
 * Verifies a ledger from its operations alone. It decides each operation again, in order and at its time, and compares
 * hash, parent and number. It computes every balance and supply again. It compares every other table with one that is
 * written again from the operations. If someone rewrote the whole record with all its hashes, only `anchors` reveal it.
 */
export async function verifyLedger({ audit, openReplica, chain, anchors }: Verification): Promise<Verified> {
  const damage = audit.damage()
  if (damage.length > 0) return { operations: 0, head: undefined, faults: damage }
  const walk = new Walk(anchors)
  let replica: LedgerJournal | undefined
  let group: AuditedBlock[] = []
  for (const block of audit.blocks()) {
    if (!walk.follows(block)) break
    if (replica === undefined) {
      const genesis = genesisOf(chain, block.header.timestamp)
      if (!walk.begins(block, genesis.hash)) break
      replica = await openReplica(genesis)
      continue
    }
    group.push(block)
    if (group.length === GROUP) {
      await decideGroup(replica, group, walk)
      group = []
      if (walk.faults.length > 0) break
    }
  }
  if (replica !== undefined) {
    if (walk.faults.length === 0) await decideGroup(replica, group, walk)
    await replica.close()
  }
  if (walk.faults.length === 0) walk.faults.push(...compareSums(audit, walk), ...walk.missingAnchors())
  if (walk.faults.length === 0) walk.faults.push(...audit.differences(MAX_FAULTS))
  return { operations: walk.operations, head: walk.head, faults: walk.faults.slice(0, MAX_FAULTS) }
}

/** The state of the walk along the record: the verified part, and the faults. */
class Walk {
  readonly faults: LedgerFault[] = []
  readonly balances = new Map<string, bigint>()
  readonly supplies = new Map<string, bigint>()
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
    else this.#count({ number: header.number, hash }, recorded)
  }

  #count(block: BlockRef, { operation }: RecordedOperation): void {
    const { assetId, from, to, amount } = fieldsOf(operation)
    this.operations += 1
    if (assetId !== undefined && amount !== undefined) {
      if (from !== undefined) add(this.balances, holdingName({ wallet: from, assetId }), -amount)
      if (to !== undefined) add(this.balances, holdingName({ wallet: to, assetId }), amount)
      add(this.supplies, assetId, (to === undefined ? 0n : amount) - (from === undefined ? 0n : amount))
    }
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

/** Compares the stored balances and supplies with the sums of the operations. */
function compareSums(audit: LedgerAudit, { balances, supplies }: Walk): readonly LedgerFault[] {
  const faults: LedgerFault[] = []
  const left = new Map(balances)
  for (const row of audit.balances()) {
    if (!('amount' in row)) {
      faults.push(row)
      continue
    }
    const { wallet, assetId, amount, lastBlock } = row
    const sum = left.get(holdingName(row))
    left.delete(holdingName(row))
    if (amount === sum) continue
    const says = `the balance of ${JSON.stringify(wallet)} in ${JSON.stringify(assetId)} is stored as ${amount}, but its operations add up to ${sum ?? 'nothing'}`
    faults.push({ block: lastBlock, says })
  }
  for (const name of left.keys()) {
    faults.push({ block: undefined, says: `the balance of ${JSON.stringify(name.split('\0'))} is missing` })
  }
  for (const row of audit.supplies()) {
    if (!('supply' in row)) faults.push(row)
    else if (row.supply !== supplies.get(row.assetId)) {
      const sum = supplies.get(row.assetId)
      const says = `the supply of ${JSON.stringify(row.assetId)} is stored as ${row.supply}, but its operations add up to ${sum ?? 'nothing'}`
      faults.push({ block: undefined, says })
    }
  }
  return faults
}

function add(sums: Map<string, bigint>, name: string, delta: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + delta)
}
