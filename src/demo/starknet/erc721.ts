import { type TransferLayout, transferEvent } from './events.ts'
import { type Felt, feltOf, u256, u256From, ZERO } from './felt.ts'
import { encodeText, type Names } from './names.ts'
import {
  type Cases,
  classOf,
  type Effect,
  type Entry,
  entryPoints,
  held,
  type Market,
  moveBalance,
  Panic,
  type Program,
  type Storage,
} from './program.ts'

/** Interface ids that ERC-721 contracts confirm: of SRC-5 (OpenZeppelin for Cairo 1), and of ERC-165. */
const SRC5_IDS = [
  '0x3f918d17e5ee77373b56385708f855659a07f75997f365cf87748628532a055',
  '0x33eb2f84c309543403fd69f0d0f363781ef06ef6faeb0131ff16ea3175bd943',
]
const ERC165_IDS = ['0x1ffc9a7', '0x80ac58cd']

/** An ERC-721. `interfaces`: the ids that it confirms; `none` has no such function at all. */
export type Erc721Options = {
  readonly names: Names
  readonly layout: TransferLayout
  readonly cases?: Cases
  readonly interfaces?: 'src5' | 'erc165' | 'none'
}

const NEXT_ID = 'next'
/** With fewer items than this, a drawn use mints. */
const FEW_ITEMS = 5

/** The code of an ERC-721. In the layouts 1+4 and 3+2, its Transfer is the same event as an ERC-20's. */
export function erc721({ names, layout, cases = 'both', interfaces = 'src5' }: Erc721Options): Program {
  const functions: Record<string, Entry> = {
    balance_of: (storage, [account]) => u256(held(storage, account ?? ZERO)),
    owner_of: (storage, [low, high]) => {
      const owner = storage.get(ownerKey(u256From(low, high)))
      if (owner === undefined) throw new Panic('ERC721: invalid token ID')
      return [feltOf(owner)]
    },
    name: () => encodeText(names.name, names.style),
    symbol: () => encodeText(names.symbol, names.style),
  }
  if (interfaces !== 'none') functions.supports_interface = supports(interfaces === 'src5' ? SRC5_IDS : ERC165_IDS)
  return {
    title: names.name,
    standard: 'erc721',
    classOf: (storage) => classOf(names.name, storage),
    entries: entryPoints(functions, cases),
    act: (storage, market) => actItem(storage, market, layout),
  }
}

/** `supports_interface` of a contract that confirms these ids. */
export function supports(ids: readonly Felt[]): Entry {
  return (_, [id]) => [id !== undefined && ids.includes(id) ? '0x1' : '0x0']
}

/** Gives an item to an account, or burns it. An item without an owner is minted. */
export function moveItem(
  storage: Map<string, bigint>,
  { item, to }: { item: bigint; to: Felt },
  layout: TransferLayout,
): Effect {
  const from = feltOf(storage.get(ownerKey(item)) ?? 0n)
  moveBalance(storage, { from, to, amount: 1n })
  if (to === ZERO) storage.delete(ownerKey(item))
  else storage.set(ownerKey(item), BigInt(to))
  return { events: [transferEvent({ from, to, amount: 1n, item }, layout)] }
}

/** The items of a contract that have an owner. */
export function itemsOf(storage: Storage): readonly bigint[] {
  return [...storage.keys()].flatMap((key) => (key.startsWith('owner ') ? [BigInt(key.slice(6))] : []))
}

function ownerKey(item: bigint): string {
  return `owner ${item}`
}

function actItem(storage: Map<string, bigint>, { draw, accounts }: Market, layout: TransferLayout): Effect {
  const items = itemsOf(storage)
  if (items.length < FEW_ITEMS || draw.oneIn(3)) {
    const item = storage.get(NEXT_ID) ?? 1n
    storage.set(NEXT_ID, item + 1n)
    return moveItem(storage, { item, to: draw.of(accounts) }, layout)
  }
  return moveItem(storage, { item: draw.of(items), to: draw.oneIn(10) ? ZERO : draw.of(accounts) }, layout)
}
