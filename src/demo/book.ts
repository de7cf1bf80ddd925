import type { Address } from 'viem'
import { assert } from '../core/assert.ts'
import type { Arguments, ContractName } from './contracts.ts'

/** The demo's contracts, by the key that the rest of the demo uses. */
export const DEMO_TOKENS = {
  whole: { contract: 'Erc20', args: ['Demo Ticket', 'TIX', 0], says: 'ERC-20 with 0 decimals' },
  cents: { contract: 'Erc20', args: ['Demo Dollar', 'DUSD', 6], says: 'ERC-20 with 6 decimals' },
  ether: { contract: 'Erc20', args: ['Demo Share', 'DSHR', 18], says: 'ERC-20 with 18 decimals' },
  unmarked: { contract: 'NoDecimals', args: ['Demo Unmarked', 'UNM'], says: 'ERC-20 without decimals()' },
  greatest: { contract: 'Erc20', args: ['Demo Maximum', 'MAXI', 18], says: 'ERC-20, one holder of 2^256-1' },
  deeds: { contract: 'Erc721', args: ['Demo Deed', 'DEED'], says: 'ERC-721' },
  goods: { contract: 'Erc1155', args: [], says: 'ERC-1155' },
} as const satisfies Record<string, { contract: ContractName; args: Arguments; says: string }>

/** A token of the demo. */
export type DemoToken = keyof typeof DEMO_TOKENS
/** The keys of the demo's tokens, in the order of deployment. */
export const DEMO_TOKEN_KEYS: readonly DemoToken[] = [
  'whole',
  'cents',
  'ether',
  'unmarked',
  'greatest',
  'deeds',
  'goods',
]

/** One call of an account. */
export type Step = {
  readonly from: Address
  readonly token: DemoToken
  readonly functionName: string
  readonly args: Arguments
}

/** Amounts in base units by token and account; items of deeds and goods by id. */
export type Holdings = {
  readonly fungible: (token: DemoToken, account: Address) => bigint
  readonly deedOwner: (id: bigint) => Address | undefined
  readonly goods: (account: Address, id: bigint) => bigint
}

/** What each account held at the snapshot, minus what it spent since. Receipts after the snapshot do not count. */
type Spendable = {
  readonly left: (token: DemoToken, account: Address) => bigint
  readonly spend: (token: DemoToken, account: Address, amount: bigint) => void
}

/** Keeps the expected holdings while the demo is planned. Each method records a step and returns it. */
export class Book implements Holdings {
  readonly #amounts = new Map<string, bigint>()
  readonly #deeds = new Map<bigint, Address>()

  fungible(token: DemoToken, account: Address): bigint {
    return this.#amounts.get(`${token}:${account}`) ?? 0n
  }

  deedOwner(id: bigint): Address | undefined {
    return this.#deeds.get(id)
  }

  goods(account: Address, id: bigint): bigint {
    return this.#amounts.get(`goods#${id}:${account}`) ?? 0n
  }

  frozen(): Spendable {
    const left = new Map(this.#amounts)
    const of = (token: DemoToken, account: Address): bigint => left.get(`${token}:${account}`) ?? 0n
    return { left: of, spend: (token, account, amount) => left.set(`${token}:${account}`, of(token, account) - amount) }
  }

  mint(token: DemoToken, to: Address, amount: bigint): Step {
    this.#add(`${token}:${to}`, amount)
    return { from: to, token, functionName: 'mint', args: [to, amount] }
  }

  transfer(token: DemoToken, move: { from: Address; to: Address; amount: bigint }): Step {
    this.#add(`${token}:${move.from}`, -move.amount)
    this.#add(`${token}:${move.to}`, move.amount)
    return { from: move.from, token, functionName: 'transfer', args: [move.to, move.amount] }
  }

  burn(token: DemoToken, from: Address, amount: bigint): Step {
    this.#add(`${token}:${from}`, -amount)
    return { from, token, functionName: 'burn', args: [amount] }
  }

  mintDeed(to: Address, id: bigint): Step {
    this.#deeds.set(id, to)
    return { from: to, token: 'deeds', functionName: 'mint', args: [to, id] }
  }

  moveDeed(id: bigint, move: { from: Address; to: Address }): Step {
    assert(this.#deeds.get(id) === move.from, 'only the owner moves a deed')
    this.#deeds.set(id, move.to)
    return { from: move.from, token: 'deeds', functionName: 'transferFrom', args: [move.from, move.to, id] }
  }

  burnDeed(id: bigint, from: Address): Step {
    assert(this.#deeds.delete(id), 'a burnt deed existed')
    return { from, token: 'deeds', functionName: 'burn', args: [id] }
  }

  mintGoods(to: Address, ids: readonly bigint[], amounts: readonly bigint[]): Step {
    this.#addGoods(to, ids, amounts)
    return { from: to, token: 'goods', functionName: 'mintBatch', args: [to, ids, amounts] }
  }

  /** One id moves by TransferSingle, several by TransferBatch. */
  moveGoods(move: { from: Address; to: Address }, ids: readonly bigint[], amounts: readonly bigint[]): Step {
    const { from, to } = move
    this.#addGoods(
      from,
      ids,
      amounts.map((amount) => -amount),
    )
    this.#addGoods(to, ids, amounts)
    const single = ids.length === 1
    const args = single ? [from, to, ids[0], amounts[0], '0x'] : [from, to, ids, amounts, '0x']
    return { from, token: 'goods', functionName: single ? 'safeTransferFrom' : 'safeBatchTransferFrom', args }
  }

  burnGoods(from: Address, id: bigint, amount: bigint): Step {
    this.#addGoods(from, [id], [-amount])
    return { from, token: 'goods', functionName: 'burn', args: [id, amount] }
  }

  #addGoods(account: Address, ids: readonly bigint[], amounts: readonly bigint[]): void {
    ids.forEach((id, at) => {
      this.#add(`goods#${id}:${account}`, amounts[at] ?? 0n)
    })
  }

  #add(key: string, amount: bigint): void {
    const sum = (this.#amounts.get(key) ?? 0n) + amount
    assert(sum >= 0n, `the plan overdraws ${key}`)
    this.#amounts.set(key, sum)
  }
}
