import type { BlockRef } from '../../../core/block.ts'
import type { BlockTransfers, Hint, Transfer } from '../../../core/transfer.ts'
import type { Sample, TokenNature } from '../state/token-nature.ts'
import { ZERO_ADDRESS } from '../words/felt.ts'
import { Interned, type TokenStandard } from '../words/interned.ts'
import type { DecodedBlock, LocatedEvent } from './decode-block.ts'
import type { EventLayout } from './decode-event.ts'

/** Asks contracts at a block what they hold; answers in order. @throws NODE_* */
export type AskNatures = (
  samples: readonly Sample[],
  at: BlockRef,
  signal: AbortSignal,
) => Promise<readonly TokenNature[]>

/** Most contracts to remember: about 20 MB. Beyond this all are forgotten and asked again. */
const MAX_REMEMBERED = 100_000
/** How many of a contract's numbers are checked for an owner: an item may be burnt by now. */
const NUMBERS_ASKED = 3
/** How long a contract that answers neither way, or not at all, is not asked again. */
const UNDECIDED_PAUSE_MS = 10 * 60_000

type Known = { readonly nature: TokenNature; readonly layout: EventLayout; readonly askAgainAt: number }

/**
 * Turns events into transfers. Transfer events are of ERC-20 or ERC-721: each contract is asked once which it is, and
 * again after it announced another class or changed the layout of its events.
 */
export class TokenStandards {
  readonly #ask: AskNatures
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  /** `now` in milliseconds. */
  constructor(ask: AskNatures, now: () => number) {
    this.#ask = ask
    this.#now = now
  }

  /**
   * Returns the transfers of these blocks, which are in order: one entry per block. An event of a contract that cannot
   * be classified is an amount, or an item if even its number is a key. Hints say that such events give the balances of
   * neither standard: a sum of ids is never a balance, and a count of items lacks those that moved as amounts.
   * @throws NODE_* the contracts could not be asked
   */
  async transfersOf(blocks: readonly DecodedBlock[], signal: AbortSignal): Promise<readonly BlockTransfers[]> {
    // Before the contracts to ask are chosen: those of these blocks must all be known afterwards.
    if (this.#known.size > MAX_REMEMBERED) this.#known.clear()
    for (const { upgraded } of blocks) for (const contract of upgraded) this.#known.delete(contract)
    const last = blocks.at(-1)
    const samples = this.#samplesOf(blocks)
    // What is known now, whatever another call forgets while this one waits for an answer.
    const natures = this.#naturesOf(blocks)
    if (last !== undefined && samples.size > 0) {
      const asked = [...samples].map(([contract, { numbers }]) => ({ contract, numbers: [...numbers] }))
      const { number, hash } = last.header
      const answers = await this.#ask(asked, { number, hash }, signal)
      for (const [index, [contract, { layout }]] of [...samples].entries()) {
        const nature = answers[index] ?? 'undecided'
        natures.set(contract, nature)
        this.#remember(contract, { layout, nature })
      }
    }
    const interned = new Interned()
    return blocks.map((block) => transfersOfBlock(block, { interned, natures }))
  }

  #remember(contract: string, { nature, layout }: Pick<Known, 'nature' | 'layout'>): void {
    const askAgainAt = nature === 'undecided' ? this.#now() + UNDECIDED_PAUSE_MS : Number.POSITIVE_INFINITY
    this.#known.set(contract, { nature, layout, askAgainAt })
  }

  /** The contracts to ask, with the last layout of their events and some of their numbers. */
  #samplesOf(
    blocks: readonly DecodedBlock[],
  ): ReadonlyMap<string, { readonly layout: EventLayout; readonly numbers: Set<bigint> }> {
    const samples = new Map<string, { layout: EventLayout; numbers: Set<bigint> }>()
    for (const { events } of blocks) {
      for (const event of events) {
        if (event.kind !== 'transfer') continue
        const { token, layout, value } = event
        const sample = samples.get(token)
        if (sample === undefined) {
          const known = this.#known.get(token)
          if (known !== undefined && known.layout === layout && this.#now() < known.askAgainAt) continue
          samples.set(token, { layout, numbers: new Set([value]) })
          continue
        }
        sample.layout = layout
        if (sample.numbers.size < NUMBERS_ASKED) sample.numbers.add(value)
      }
    }
    return samples
  }

  #naturesOf(blocks: readonly DecodedBlock[]): Map<string, TokenNature> {
    const natures = new Map<string, TokenNature>()
    for (const { events } of blocks) {
      for (const { token } of events) {
        const known = natures.has(token) ? undefined : this.#known.get(token)
        if (known !== undefined) natures.set(token, known.nature)
      }
    }
    return natures
  }
}

type Natures = ReadonlyMap<string, TokenNature>

function transfersOfBlock(
  { header, events }: DecodedBlock,
  { interned, natures }: { readonly interned: Interned; readonly natures: Natures },
): BlockTransfers {
  const { number, hash, parentHash, timestamp } = header
  const transfers: Transfer[] = []
  const hints = new Map<string, Hint>()
  for (const event of events) {
    const nature = natures.get(event.token) ?? 'undecided'
    const standard = standardOf(event, nature)
    addTransfers(event, { standard, interned, transfers })
    if (event.kind !== 'transfer' || nature !== 'undecided') continue
    for (const hint of hintsOf(event, { standard, interned })) {
      hints.set(`${hint.asset.standard} ${event.token} ${hint.account} ${hint.item ?? ''}`, hint)
    }
  }
  const block = { number, hash, parentHash, timestamp, transfers }
  return hints.size === 0 ? block : { ...block, hints: [...hints.values()] }
}

function standardOf({ kind, layout }: LocatedEvent, nature: TokenNature): TokenStandard {
  if (kind === 'moves') return 'erc1155'
  if (nature === 'undecided') return layout === 'all_keys' ? 'erc721' : 'erc20'
  return nature === 'items' ? 'erc721' : 'erc20'
}

type Assigned = { readonly standard: TokenStandard; readonly interned: Interned }

function addTransfers(
  event: LocatedEvent,
  { standard, interned, transfers }: Assigned & { readonly transfers: Transfer[] },
): void {
  const { position, transactionHash } = event
  const asset = interned.asset(standard, event.token)
  const from = event.from === ZERO_ADDRESS ? undefined : event.from
  const to = event.to === ZERO_ADDRESS ? undefined : event.to
  // Written out: copying a common part costs more than all else here.
  const add = (part: number, item: string, amount: bigint): void => {
    transfers.push({ event: position, part, asset, from, to, transactionHash, item, amount })
  }
  if (event.kind === 'moves') for (const [part, { item, amount }] of event.moves.entries()) add(part, `${item}`, amount)
  else if (standard === 'erc721') add(0, event.value.toString(), 1n)
  else add(0, '', event.value)
}

/** The accounts of an event of an undecided contract, for the standard that it is stored as, and for ERC-721. */
function hintsOf(
  { token, from, to, value }: LocatedEvent & { readonly kind: 'transfer' },
  { standard, interned }: Assigned,
): Hint[] {
  const item: Hint = {
    asset: interned.asset('erc721', token),
    account: '',
    reason: 'undecodable',
    item: value.toString(),
  }
  const amount: Hint = { asset: interned.asset('erc20', token), account: '', reason: 'undecodable' }
  const accounts = [from, to].filter((account) => account !== ZERO_ADDRESS)
  const hints = standard === 'erc20' ? [amount, item] : [item]
  return hints.flatMap((hint) => accounts.map((account) => ({ ...hint, account })))
}
