import { isFungible } from '../../../core/standards.ts'
import { decodeAmount, encodeAmount } from '../../../journal/amount-codec.ts'
import {
  applyChange,
  endBlock,
  openingFrom,
  type Position,
  type PositionChange,
  positionBefore,
  REST_OF_BLOCK,
} from '../../../journal/position.ts'
import { parseStandard } from '../../../journal/rules/assets.ts'
import { bytes, int, nullable, type Row, type SqliteDatabase } from '../database.ts'
import { POSITION_COLUMNS, positionValues } from '../rows/position.ts'

/** Changes of a pair, pairs of an account and transfers of a token up to which all of them are added up. */
const MOST = 100

/** An account, as stored, with an asset's id and an item. */
export type Pair = { readonly account: Buffer; readonly asset: number; readonly item: Buffer }

/**
 * Looks at pairs: at each change and its transfer, and whether the balance is what follows from them in every column, is
 * listed where it must be, and is counted. Of what has very many rows, only the last ones are added up.
 */
export class PairCheck {
  readonly #from: number
  readonly #s: ReturnType<typeof prepare>
  readonly #checked = new Set<string>()

  /** `from`: the first block of coverage. */
  constructor(db: SqliteDatabase, from: number) {
    this.#from = from
    this.#s = prepare(db)
  }

  /** As `fault`, of a row that begins with a pair. */
  rowFault(row: Row | undefined): string | undefined {
    if (row === undefined) return undefined
    return this.fault({ account: bytes(row[0]), asset: int(row[1]), item: bytes(row[2]) })
  }

  /** Returns what is wrong with a pair, once; undefined if nothing. */
  fault(pair: Pair): string | undefined {
    const name = `${pair.account.toString('hex')} ${pair.asset} ${pair.item.toString('hex')}`
    if (this.#checked.has(name)) return undefined
    this.#checked.add(name)
    const fault = this.#balanceFault(pair) ?? this.#accountFault(pair.account)
    return fault === undefined ? undefined : `the pair ${name}: ${fault}`
  }

  /** Returns what is wrong with a token's counts, once; undefined if nothing. */
  assetFault(asset: number): string | undefined {
    if (this.#checked.has(`${asset}`)) return undefined
    this.#checked.add(`${asset}`)
    const row = this.#s.asset.get(asset)
    const [transfers, supply] = [int(row?.[0]), decodeAmount(bytes(row?.[2]))]
    if (transfers <= MOST && transfers !== int(this.#s.transfersOf.get(asset, MOST + 1)))
      return `token ${asset}: transfers`
    const holders = int(row?.[1])
    if (holders <= MOST && holders !== int(this.#s.holdersOf.get(asset, MOST + 1))) return `token ${asset}: holders`
    if (transfers > MOST) return undefined
    let sum = 0n
    for (const [sender, receiver, amount] of this.#s.amountsOf.all(asset)) {
      if (sender === null && receiver !== null) sum += decodeAmount(bytes(amount))
      if (sender !== null && receiver === null) sum -= decodeAmount(bytes(amount))
    }
    return sum === supply ? undefined : `token ${asset}: its supply is ${supply}, not ${sum}`
  }

  #balanceFault(pair: Pair): string | undefined {
    const key = [pair.account, pair.asset, pair.item]
    const stored = this.#s.balance.get(...key)
    if (stored === undefined) return 'there is no balance'
    const isWhole = int(this.#s.changes.get(...key, MOST + 1)) <= MOST
    const fungible = isFungible(parseStandard(this.#s.standard.get(pair.asset)))
    let position: Position | undefined
    let before: PositionChange | undefined
    for (const row of this.#s.lastChanges.all(...key, MOST)) {
      const change = this.#changeOf(row, pair, fungible)
      if (typeof change === 'string') return change
      position ??= isWhole ? positionBefore(change, openingFrom(this.#from)) : positionFrom(row, change)
      if (isWhole && before !== undefined && before.block !== change.block) endBlock(position, before.block)
      if (isWhole || before !== undefined) applyChange(position, change)
      if (!encodeAmount(position.sum).equals(bytes(row[4]))) return `the sum after block ${change.block}`
      before = change
    }
    if (isWhole && before !== undefined && position !== undefined) endBlock(position, before.block)
    return this.#columnFault({ pair, stored, isWhole }, position) ?? this.#listFault(pair, stored)
  }

  /** What a change is, by its transfer; or what is wrong with it. */
  #changeOf(row: Row, pair: Pair, fungible: boolean): PositionChange | string {
    const [block, log, sub] = [int(row[0]), int(row[1]), int(row[2])]
    const transfer = this.#s.transfer.get(block, log, sub)
    if (transfer === undefined) return `block ${block} has a change without a transfer`
    const [asset, sender, receiver, item, amount] = transfer
    const [isSent, isReceived] = [isSameValue(sender, pair.account), isSameValue(receiver, pair.account)]
    const isOfItem = pair.item.length === 0 || isSameValue(item, pair.item)
    if (asset !== pair.asset || !isOfItem || !(isSent || isReceived)) return `block ${block} has a change of another`
    const moved = decodeAmount(bytes(amount))
    const delta = (isReceived ? moved : 0n) - (isSent ? moved : 0n)
    if (!encodeAmount(delta).equals(bytes(row[3]))) return `the change at block ${block}`
    return { block, log, sub, delta, received: isReceived, fungible }
  }

  #columnFault({ pair, stored, isWhole }: Stored, position: Position | undefined): string | undefined {
    const hint = this.#s.hint.get(pair.asset, pair.account, pair.item)
    if (position === undefined) return hint === undefined ? 'a balance has neither changes nor a hint' : undefined
    if (!isWhole) {
      const isLast = isSameValue(stored[0], encodeAmount(position.sum)) && stored[6] === position.lastBlock
      return isLast ? undefined : 'the balance is not the last sum'
    }
    if (hint !== undefined) meetByHint(position, { block: int(hint), asset: pair.asset })
    const names = [...POSITION_COLUMNS.split(', '), 'amount']
    const wrong = positionValues(position).findIndex((value, at) => !isSameValue(stored[at], value ?? undefined))
    return wrong < 0 ? undefined : `the column ${names[wrong]} of its balance`
  }

  /** A balance without an item is in two indexes. */
  #listFault({ account, asset, item }: Pair, stored: Row): string | undefined {
    if (item.length > 0) return undefined
    const met = [stored[2], stored[3], stored[4], stored[8], stored[5]]
    if (this.#s.asMet.get(account, ...met, asset) === undefined) return 'it is not listed'
    const amount = nullable(stored[9], bytes)
    const isHeld = amount !== undefined && decodeAmount(amount) > 0n
    const isListed = isHeld && this.#s.byAmount.get(asset, amount, account) !== undefined
    return isListed === isHeld ? undefined : 'its holder is not listed'
  }

  #accountFault(account: Buffer): string | undefined {
    const [assets, received] = this.#s.account.get(account) ?? []
    if (assets === undefined) return 'the account is missing'
    const name = account.toString('hex')
    if (this.#checked.has(name) || int(assets) > MOST) return undefined
    this.#checked.add(name)
    const counted = this.#s.pairsOf.get(account)
    return counted?.[0] === assets && counted[1] === received ? undefined : "the account's counts"
  }
}

type Stored = { readonly pair: Pair; readonly stored: Row; readonly isWhole: boolean }

/** The position after a change that is not the first one, by its own sum. */
function positionFrom(row: Row, change: PositionChange): Position {
  return { ...positionBefore(change, undefined), sum: decodeAmount(bytes(row[4])) }
}

/** As hints count in append: a meeting after the logs of their block, and the account may have received. */
function meetByHint(position: Position, { block, asset }: { readonly block: number; readonly asset: number }): void {
  if (block < position.metBlock) Object.assign(position, { metBlock: block, metLog: REST_OF_BLOCK, metSub: asset })
  if (position.receivedBlock === undefined || block < position.receivedBlock) position.receivedBlock = block
}

/** True if a stored value is this one. `wanted` undefined: null. */
export function isSameValue(stored: unknown, wanted: unknown): boolean {
  if (stored === null || stored === undefined) return wanted === undefined
  if (Buffer.isBuffer(stored)) return Buffer.isBuffer(wanted) && stored.equals(wanted)
  return stored === wanted
}

function prepare(db: SqliteDatabase) {
  const pair = 'account = ? AND asset = ? AND item = ?'
  const pluck = (sql: string) => db.prepare(sql).pluck()
  const raw = (sql: string) => db.prepare(sql).raw()
  return {
    transfer: raw(
      'SELECT asset, sender, receiver, item, amount FROM transfers WHERE block = ? AND log = ? AND sub = ?',
    ),
    balance: raw(`SELECT ${POSITION_COLUMNS}, amount FROM balances NOT INDEXED WHERE ${pair}`),
    changes: pluck(`SELECT count(*) FROM (SELECT 1 FROM changes WHERE ${pair} LIMIT ? + 0)`),
    lastChanges: raw(
      `SELECT * FROM (SELECT block, log, sub, delta, sum FROM changes WHERE ${pair}
       ORDER BY block DESC, log DESC, sub DESC LIMIT ? + 0) ORDER BY block, log, sub`,
    ),
    standard: pluck('SELECT standard FROM assets WHERE id = ?'),
    hint: pluck(
      `SELECT h.block FROM assets a JOIN hints h ON h.reference = a.reference AND h.standard = a.standard
       WHERE a.id = ? AND h.account = ? AND h.item = ?`,
    ),
    asMet: pluck(
      `SELECT 1 FROM balances INDEXED BY balances_as_met WHERE item = x'' AND account = ? AND met_block = ?
       AND met_log = ? AND met_sub = ? AND fungible = ? AND received_block IS ? AND asset = ?`,
    ),
    byAmount: pluck(
      `SELECT 1 FROM balances INDEXED BY balances_by_amount
       WHERE item = x'' AND amount > x'80' AND asset = ? AND amount = ? AND account = ?`,
    ),
    account: raw('SELECT assets, received FROM accounts WHERE account = ?'),
    pairsOf: raw(
      `SELECT count(*), count(CASE WHEN fungible = 1 THEN received_block END) FROM balances NOT INDEXED
       WHERE account = ? AND item = x''`,
    ),
    asset: raw('SELECT transfers, holders, supply FROM assets WHERE id = ?'),
    transfersOf: pluck(
      `SELECT count(*) FROM (SELECT 1 FROM transfers INDEXED BY transfers_by_asset WHERE asset = ? LIMIT ? + 0)`,
    ),
    holdersOf: pluck(
      `SELECT count(*) FROM (SELECT 1 FROM balances INDEXED BY balances_by_amount
       WHERE item = x'' AND amount > x'80' AND asset = ? LIMIT ? + 0)`,
    ),
    amountsOf: raw('SELECT sender, receiver, amount FROM transfers INDEXED BY transfers_by_asset WHERE asset = ?'),
  }
}
