import { supports } from './erc721.ts'
import { type BatchLayout, batchEvent, type Items, singleEvent } from './events.ts'
import { type Felt, feltOf, u256, u256From, ZERO } from './felt.ts'
import { encodeText, type Names } from './names.ts'
import {
  add,
  type Cases,
  classOf,
  type Effect,
  entryPoints,
  held,
  type Market,
  Panic,
  type Program,
  type Storage,
} from './program.ts'

const INTERFACES: Readonly<Record<BatchLayout, readonly Felt[]>> = {
  '1+n': ['0x1ffc9a7', '0xd9b67a26'],
  '4+n': [
    '0x3f918d17e5ee77373b56385708f855659a07f75997f365cf87748628532a055',
    '0x6114a8f75559e1b39fcba08ce02961a1aa082d9256a158dd3e64964e4b1b52',
  ],
}
/** The items that a drawn use moves. The last one needs more than 128 bits. */
const ITEMS = [1n, 2n, 2n ** 130n + 5n]

/** An ERC-1155. */
export type Erc1155Options = { readonly names: Names; readonly layout: BatchLayout; readonly cases?: Cases }

/** The code of an ERC-1155. */
export function erc1155({ names, layout, cases = 'both' }: Erc1155Options): Program {
  return {
    title: names.name,
    standard: 'erc1155',
    classOf: (storage) => classOf(names.name, storage),
    entries: entryPoints(
      {
        balance_of: (storage, [account, low, high]) => {
          if (low === undefined || high === undefined) throw new Panic('Failed to deserialize param #2')
          return u256(held(storage, keyOf(account ?? ZERO, u256From(low, high))))
        },
        balance_of_batch: balanceOfBatch,
        supports_interface: supports(INTERFACES[layout]),
        name: () => encodeText(names.name, names.style),
        symbol: () => encodeText(names.symbol, names.style),
      },
      cases,
    ),
    act: (storage, market) => moveItems(storage, drawItems(storage, market), layout),
  }
}

/** Moves items with one event: TransferSingle for one item, TransferBatch for several. */
export function moveItems(storage: Map<string, bigint>, moved: Items, layout: BatchLayout): Effect {
  for (const [item, amount] of moved.items) {
    if (moved.from !== ZERO) add(storage, keyOf(moved.from, item), -amount)
    if (moved.to !== ZERO) add(storage, keyOf(moved.to, item), amount)
  }
  return { events: [moved.items.length === 1 ? singleEvent(moved, layout) : batchEvent(moved, layout)] }
}

/** The balance of an account in one item. */
export function itemHeld(storage: Storage, account: Felt, item: bigint): bigint {
  return held(storage, keyOf(account, item))
}

/** Not a balance of an account in the contract, so it does not start with 0x. */
function keyOf(account: Felt, item: bigint): string {
  return `item ${item} of ${account}`
}

function balanceOfBatch(storage: Storage, calldata: readonly Felt[]): readonly Felt[] {
  const count = Number(calldata[0] ?? 0)
  const ids = calldata.slice(count + 2)
  if (count !== Number(calldata[count + 1] ?? -1) || ids.length !== 2 * count) throw new Panic('unequal lengths')
  const amounts = Array.from({ length: count }, (_, at) =>
    u256(held(storage, keyOf(calldata[at + 1] ?? ZERO, u256From(ids[2 * at], ids[2 * at + 1])))),
  )
  return [feltOf(count), ...amounts.flat()]
}

function drawItems(storage: Storage, { draw, accounts }: Market): Items {
  const items = draw.oneIn(2) ? [draw.of(ITEMS)] : ITEMS.slice(0, draw.between(2, ITEMS.length))
  const from = draw.of(accounts)
  const operator = draw.of(accounts)
  const owned = items.flatMap((item): [bigint, bigint][] => {
    const amount = itemHeld(storage, from, item)
    return amount === 0n ? [] : [[item, draw.oneIn(3) ? amount : 1n]]
  })
  if (owned.length > 0) return { operator, from, to: draw.oneIn(8) ? ZERO : draw.of(accounts), items: owned }
  const minted = items.map((item): [bigint, bigint] => [item, BigInt(draw.between(1, 50))])
  return { operator, from: ZERO, to: draw.of(accounts), items: minted }
}
