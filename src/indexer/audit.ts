import { assetKey, NO_ITEM } from '../core/asset.ts'
import type { BalanceKey, Observation } from '../core/balance.ts'
import { type BlockRef, type Header, sameBlock } from '../core/block.ts'
import { isServiceError, type ServiceError } from '../core/errors.ts'
import type { Batch } from '../core/transfer.ts'
import type { Finding, Judgement, Walk, WalkLimits, WalkStep } from '../store/audits.ts'
import { type CaseParts, Investigator, type Suspect, type Verdict } from './audit-case.ts'
import { hearing } from './hearing.ts'
import { inParts } from './in-parts.ts'
import type { AuditFeed } from './indexer.ts'
import type { Judged } from './judge.ts'
import { Rests } from './rests.ts'
import { StateWindow } from './state-window.ts'
import { Suspects } from './suspects.ts'
import { Touched } from './touched.ts'

/** What each walk may bring to a round. With four holders each, a chain of up to 50 tokens is seen whole at every head. */
const WALK_LIMITS: Readonly<Record<Walk, WalkLimits>> = {
  holders: { keys: 200, perToken: 4 },
  doubts: { keys: 50, perToken: 5 },
  openings: { keys: 200, perToken: 50 },
  rereads: { keys: 100, perToken: 25 },
}
/** Tokens whose supply a round compares. */
const MAX_SUPPLIES = 50
/** Suspicions looked into in one round; the others are found again. */
const MAX_CASES = 3
const WALK_NAMES = ['holders', 'doubts', 'openings', 'rereads'] as const satisfies readonly Walk[]

export type AuditorOptions = Omit<CaseParts, 'window'> & {
  readonly log: (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>) => void
}

/**
 * Compares what the journal says with what the chain says, at one and the same block, head by head: balances that new
 * blocks touched, random holders, supplies; and reads what only a read can tell. It runs beside the indexer, which tells
 * it of new blocks and never waits for it. What differs is looked into: missing logs are repaired, and a token whose logs
 * are complete and do not explain it is turned to `reads`.
 */
export class Auditor implements AuditFeed {
  readonly #options: AuditorOptions
  readonly #investigator: Investigator
  readonly #window: StateWindow
  readonly #touched = new Touched()
  /** Tokens whose cases came to nothing, and tokens whose reads made a node fail. */
  readonly #rests = new Rests()
  readonly #failing = new Rests()
  readonly #suspects = new Suspects((asset) => this.#rests.isResting(asset))
  readonly #counts = {
    audit_checked: 0,
    audit_equal: 0,
    audit_different: 0,
    audit_adopted: 0,
    audit_unchecked: 0,
    audit_repaired: 0,
    audit_turned: 0,
    audit_unsteady: 0,
    audit_failed: 0,
  }
  #head: Header | undefined
  #audited: BlockRef | undefined
  /** The last round left work behind at the same head. */
  #more = false
  #wake: () => void = () => undefined

  constructor(options: AuditorOptions) {
    this.#options = options
    this.#window = new StateWindow(options.adapter, options.coverage.from)
    this.#investigator = new Investigator({ ...options, window: this.#window })
  }

  committed(batch: Batch): void {
    // Settled blocks come by the thousand and their state is mostly gone: their holders' turn comes.
    if (batch.headers.length === 0) return
    this.#touched.add(batch.blocks)
  }

  reached(head: Header): void {
    this.#head = head
    if (this.isDue) this.#wake()
  }

  judged(judged: readonly Judged[]): void {
    for (const { read, judgement } of judged) this.#suspect(read, judgement)
  }

  counts(): Readonly<Record<string, number>> {
    const { depth } = this.#window
    return {
      ...this.#counts,
      ...(this.#audited === undefined ? {} : { audited_block: this.#audited.number }),
      ...(depth === undefined || depth === Number.POSITIVE_INFINITY ? {} : { state_blocks: depth }),
    }
  }

  /** True while there is a head that was not audited, or work left at it. */
  get isDue(): boolean {
    const head = this.#head
    return head !== undefined && (this.#more || this.#audited === undefined || !sameBlock(this.#audited, head))
  }

  /** Resolves once a round is due. */
  async due(signal: AbortSignal): Promise<void> {
    if (this.isDue || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /**
   * Audits the newest head.
   * @throws NODE_*, STORE_UNAVAILABLE, LEASE_LOST; the next round begins anew
   */
  async round(signal: AbortSignal): Promise<void> {
    const head = this.#head
    if (head === undefined) return
    this.#rests.nextRound()
    this.#failing.nextRound()
    const touched = this.#touched.take()
    const steps = await this.#walk()
    const adopted = this.#counts.audit_adopted
    const keys = [...touched, ...WALK_NAMES.flatMap((walk) => steps[walk].keys)]
    const failure = await this.#inParts(keys, (some) => this.#check(some, head, signal), signal)
    // Dealt with or failed: the next round goes on behind them, so that what makes a node fail is not met for ever.
    for (const walk of WALK_NAMES) await this.#options.journal.audits.reached(walk, steps[walk].place)
    if (failure !== undefined) throw failure
    await this.#recall(steps.doubts.keys, head)
    const supplied = [...touched, ...steps.holders.keys]
    const unsupplied = await this.#inParts(supplied, (some) => this.#checkSupplies(some, signal), signal)
    await this.#investigate(signal)
    if (unsupplied !== undefined) throw unsupplied
    this.#audited = head
    // A head is gone over again while that brings something; tokens that never answer wait for the next one.
    this.#more = this.#counts.audit_adopted > adopted || this.#suspects.size > 0
  }

  /** Does work for keys, without those of tokens that made a node fail lately; returns the error where none of it worked. */
  async #inParts(
    keys: readonly BalanceKey[],
    work: (keys: readonly BalanceKey[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ServiceError | undefined> {
    const open = keys.filter(({ asset }) => !this.#failing.isResting(asset))
    const { error, failed, culprits } = await inParts({ keys: open, work }, signal)
    this.#counts.audit_unchecked += keys.length - open.length + failed.length
    const spoilt = new Set(failed.map(({ asset }) => assetKey(asset)))
    for (const { asset } of open) if (!spoilt.has(assetKey(asset))) this.#failing.forget(asset)
    for (const asset of culprits) this.#failing.rest(asset)
    return error
  }

  async #walk(): Promise<Readonly<Record<Walk, WalkStep>>> {
    const next = (walk: Walk): Promise<WalkStep> => this.#options.journal.audits.next(walk, WALK_LIMITS[walk])
    const [holders, doubts] = [await next('holders'), await next('doubts')]
    return { holders, doubts, openings: await next('openings'), rereads: await next('rereads') }
  }

  /** Reads balances at a block and holds them against the journal. */
  async #check(keys: readonly BalanceKey[], head: Header, signal: AbortSignal): Promise<void> {
    const { adapter, journal, reads } = this.#options
    const [probe] = keys
    if (probe === undefined) return
    await this.#window.probe(probe, head, signal)
    const { reads: answers, observedAt } = await adapter.readBalances({ keys, at: head }, signal)
    const observed = keys.flatMap((key, index): Observation[] => {
      const answer = answers[index]
      return answer?.ok === true ? [{ ...key, amount: answer.amount, block: head, observedAt }] : []
    })
    this.#counts.audit_unchecked += keys.length - observed.length
    await journal.audits.heard({ block: head, ...hearing(keys, answers) })
    const judgements = await journal.adopt(observed)
    const notCovered: Observation[] = []
    for (const [index, judgement] of judgements.entries()) {
      const read = observed[index]
      if (read === undefined) continue
      if (judgement.outcome === 'not_covered') notCovered.push(read)
      this.#suspect(read, judgement)
    }
    // What no sum can tell, such as a balance of a token of `reads`, is kept as what it is: a read.
    if (notCovered.length > 0) await reads.observations.put(notCovered)
  }

  /** Suspects again what was reopened and then not looked into: a process may end between the two. */
  async #recall(keys: readonly BalanceKey[], head: Header): Promise<void> {
    const { journal } = this.#options
    for (const { account, asset, item } of keys) {
      const { amount, whole } = await journal.audits.expected({ account, asset, item }, head.number)
      if (whole || amount === undefined) continue
      const evidence = { account, item, journal: undefined, chain: amount }
      this.#suspects.add({ reason: 'range', asset, block: head, evidence })
    }
  }

  async #checkSupplies(keys: readonly BalanceKey[], signal: AbortSignal): Promise<void> {
    const { adapter, journal } = this.#options
    const all = [...new Map(keys.map(({ asset }) => [assetKey(asset), asset])).values()]
    const assets = all.filter((asset) => asset.standard === 'erc20').slice(0, MAX_SUPPLIES)
    if (assets.length === 0) return
    const { block, supplies } = await journal.audits.supplies(assets)
    const told = assets.filter((_, index) => supplies[index] !== undefined)
    if (told.length === 0) return
    const { facts } = await adapter.readTokens(told, signal, { at: block })
    for (const [index, asset] of told.entries()) {
      const ours = supplies[assets.indexOf(asset)]
      const chain = facts[index]?.totalSupply
      if (chain === undefined || ours === undefined) continue
      this.#counts.audit_checked++
      if (chain === ours || (await this.#investigator.supplyAt(asset, { at: block }, signal))?.includes(ours)) {
        this.#counts.audit_equal++
        continue
      }
      this.#counts.audit_different++
      const evidence = { account: undefined, item: NO_ITEM, journal: ours, chain }
      this.#suspects.add({ reason: 'supply', asset, block, evidence })
    }
  }

  /** Counts what a read told, and remembers what it gave away. */
  #suspect(read: Observation, judgement: Judgement): void {
    const { account, item, asset, block, amount } = read
    if (['not_covered', 'not_canonical', 'forgotten'].includes(judgement.outcome)) return
    this.#counts.audit_checked++
    if (judgement.outcome === 'equal') this.#counts.audit_equal++
    if (judgement.outcome === 'adopted' || judgement.outcome === 'reopened') this.#counts.audit_adopted++
    if (judgement.outcome === 'reopened') {
      this.#suspects.add({
        reason: 'range',
        asset,
        block,
        evidence: { account, item, journal: undefined, chain: amount },
      })
    } else if (judgement.outcome === 'different') {
      this.#counts.audit_different++
      const evidence = { account, item, journal: judgement.journal, chain: amount }
      this.#suspects.add({ reason: 'balance', asset, block, evidence })
    }
  }

  async #investigate(signal: AbortSignal): Promise<void> {
    for (const suspect of this.#suspects.take(MAX_CASES)) {
      let verdict: Verdict
      try {
        verdict = await this.#investigator.investigate(suspect, signal)
      } catch (error) {
        if (!isServiceError(error) || signal.aborted) throw error
        verdict = { is: 'unanswered' }
      }
      await this.#conclude(suspect, verdict)
    }
  }

  async #conclude(suspect: Suspect, verdict: Verdict): Promise<void> {
    const { journal } = this.#options
    if (verdict.is === 'unanswered') {
      // Nothing was said of the token: the next comparison finds it again.
      this.#counts.audit_failed++
      this.#rests.pause(suspect.asset)
      return
    }
    if (verdict.is === 'unfinished') {
      this.#rests.pause(suspect.asset)
      await this.#note(suspect, 'different', 'its logs are still being compared')
      return
    }
    if (verdict.is === 'unsteady') {
      this.#counts.audit_unsteady++
      this.#rests.rest(suspect.asset)
      await this.#note(suspect, 'unsteady', 'the node did not say the same twice')
      return
    }
    if (verdict.is !== 'odd') this.#rests.forget(suspect.asset)
    if (verdict.is === 'gone') return
    if (verdict.is === 'repaired') {
      this.#counts.audit_repaired++
      const says = `${verdict.transfers} transfers that were missing or wrong were fetched again, in blocks ${verdict.blocks.slice(0, 10).join(', ')}`
      await this.#note(suspect, 'repaired', says)
      return
    }
    const outcome = await journal.turn(suspect)
    if (outcome === 'turned') {
      this.#counts.audit_turned++
      await this.#note(suspect, 'turned', 'all its logs are there, and they do not explain what the chain says')
    } else if (outcome === 'fixed') {
      this.#rests.rest(suspect.asset)
      await this.#note(suspect, 'different', 'its logs do not explain what the chain says; its class is fixed')
    }
  }

  async #note(suspect: Suspect, what: Finding['what'], says: string): Promise<void> {
    const { journal, log } = this.#options
    const { asset, block, evidence } = suspect
    const amounts = { journal: evidence.journal?.toString(), chain: evidence.chain.toString() }
    const who = { token: assetKey(asset), account: evidence.account ?? 'supply', item: evidence.item }
    log('warn', `audit: ${what}: ${says}`, { ...who, reason: suspect.reason, block: block.number, ...amounts })
    await journal.audits.note({ what, asset, block: block.number, ...evidence, says })
  }
}
