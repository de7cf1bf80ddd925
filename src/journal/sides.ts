/** One side of a transfer: what it adds to the account's balance, and whether the account received. */
export type Side<Account> = { readonly account: Account; readonly delta: bigint; readonly received: boolean }

/**
 * The sides of a transfer, the sender's first. A mint has no sender and a burn no receiver. A transfer to oneself is one
 * side of 0, which is received.
 */
export function sidesOf<Account>(
  transfer: { readonly from: Account | undefined; readonly to: Account | undefined; readonly amount: bigint },
  isSame: (from: Account, to: Account) => boolean,
): readonly Side<Account>[] {
  const { from, to, amount } = transfer
  if (from !== undefined && to !== undefined && isSame(from, to)) return [{ account: from, delta: 0n, received: true }]
  const sides: Side<Account>[] = []
  if (from !== undefined) sides.push({ account: from, delta: -amount, received: false })
  if (to !== undefined) sides.push({ account: to, delta: amount, received: true })
  return sides
}

/**
 * The items whose balances a side changes: of a fungible asset the one without an item, of a collection its roll-up
 * (`none`) and the item.
 */
export function itemsOfSide<Item>(item: Item, { none, fungible }: { none: Item; fungible: boolean }): readonly Item[] {
  return fungible ? [none] : [none, item]
}
