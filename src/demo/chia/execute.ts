import { hex } from './chain.ts'
import type { Order, Output } from './orders.ts'
import type { Purse, Wallet } from './purse.ts'
import type { Sdk, SdkCat, SdkClvm, SdkCoin, SdkProgram } from './sdk.ts'

/** Where orders are carried out: the spends go to `clvm`, the coins to `purse`, as of block `number`. */
export type Scene = {
  readonly sdk: Sdk
  readonly clvm: SdkClvm
  readonly purse: Purse
  readonly number: number
}

/** Carries an order out. The spends are left in the allocator of the scene. */
export function execute(order: Order, scene: Scene): void {
  switch (order.do) {
    case 'issue':
      issue(order, scene)
      break
    case 'send':
      send(order, scene)
      break
    case 'melt':
      melt(order, scene)
      break
    case 'revoke':
      revoke(order, scene)
      break
    case 'pay':
      pay(order, scene)
      break
    case 'mint nft':
      mintNft(order, scene)
      break
  }
}

type Doing<D extends Order['do']> = Extract<Order, { readonly do: D }>

function issue({ cat, outputs }: Doing<'issue'>, scene: Scene): void {
  const { sdk, clvm, purse, number } = scene
  const issuer = purse.wallet(cat.issuer)
  const total = sumOf(outputs)
  const info = purse.info(cat, issuer.puzzleHash)
  const coin = payFrom(issuer, [{ to: hex(info.puzzleHash()), amount: total, memos: [] }], scene)
  const first = new sdk.Cat(new sdk.Coin(coin.coinId(), info.puzzleHash(), total), null, info)
  const conditions = [...created(clvm, outputs), clvm.runCatTail(purse.tail(clvm, cat), clvm.nil())]
  for (const made of clvm.spendCats([new sdk.CatSpend(first, spendBy(issuer, clvm, conditions))])) {
    purse.addCat(made, number)
  }
}

function send({ cat, from, outputs, changeMemos }: Doing<'send'>, scene: Scene): void {
  const { clvm, purse, number } = scene
  const owner = purse.wallet(from)
  const total = sumOf(outputs)
  const coins = purse.takeCats(purse.info(cat, owner.puzzleHash), total, number)
  const change = sumOf(coins.map(({ coin }) => coin)) - total
  const memos = changeMemos === undefined ? {} : { memos: changeMemos }
  const back = change > 0n ? [{ to: hex(owner.puzzleHash), amount: change, ...memos }] : []
  spendAll(coins, { owner, conditions: created(clvm, [...outputs, ...back]) }, scene)
}

function melt({ cat, from, amount }: Doing<'melt'>, scene: Scene): void {
  const { clvm, purse, number } = scene
  const owner = purse.wallet(from)
  const coins = purse.takeCats(purse.info(cat, owner.puzzleHash), undefined, number)
  const left = sumOf(coins.map(({ coin }) => coin)) - amount
  const outputs = left > 0n ? [{ to: hex(owner.puzzleHash), amount: left }] : []
  const conditions = [...created(clvm, outputs), clvm.runCatTail(purse.tail(clvm, cat), clvm.nil())]
  spendAll(coins, { owner, conditions }, scene)
}

function revoke({ cat, from }: Doing<'revoke'>, scene: Scene): void {
  const { sdk, clvm, purse, number } = scene
  const revoker = purse.wallet(cat.revoker ?? cat.issuer)
  const [coin] = purse.takeCats(purse.info(cat, Buffer.from(from, 'hex')), 1n, number)
  if (coin === undefined) return
  const conditions = created(clvm, [{ to: hex(revoker.puzzleHash), amount: coin.coin.amount }])
  const made = clvm.spendCats([sdk.CatSpend.revoke(coin, spendBy(revoker, clvm, conditions))])
  for (const one of made) purse.addCat(one, number)
}

function pay({ from, outputs }: Doing<'pay'>, scene: Scene): void {
  payFrom(scene.purse.wallet(from), outputs, scene)
}

function mintNft({ from, to }: Doing<'mint nft'>, scene: Scene): void {
  const { sdk, clvm, purse, number } = scene
  const payer = purse.wallet(from)
  const metadata = new sdk.NftMetadata(1n, 1n, ['https://example.com/1'], null, [], null, [], null)
  const owner = Buffer.from(to, 'hex')
  const mint = new sdk.NftMint(clvm.nftMetadata(metadata), Buffer.alloc(32, 1), owner, payer.puzzleHash, 0, null)
  const coin = purse.takeCoin(payer.puzzleHash, 1n, number)
  const { parentConditions } = clvm.mintNfts(coin.coinId(), [mint])
  spendCoin({ coin, payer, conditions: [...parentConditions], paid: 1n }, scene)
}

/** Pays from one coin; what is left goes back. Returns the coin that was spent. */
function payFrom(payer: Wallet, outputs: readonly Output[], scene: Scene): SdkCoin {
  const { clvm, purse, number } = scene
  const paid = sumOf(outputs)
  const coin = purse.takeCoin(payer.puzzleHash, paid, number)
  spendCoin({ coin, payer, conditions: created(clvm, outputs), paid }, scene)
  return coin
}

function spendCoin(
  spend: {
    readonly coin: SdkCoin
    readonly payer: Wallet
    readonly conditions: readonly SdkProgram[]
    readonly paid: bigint
  },
  { sdk, clvm, purse, number }: Scene,
): void {
  const { coin, payer, conditions, paid } = spend
  const change = coin.amount - paid
  const back = change > 0n ? [clvm.createCoin(payer.puzzleHash, change)] : []
  clvm.spendStandardCoin(coin, payer.keys.pk, clvm.delegatedSpend([...conditions, ...back]))
  if (change > 0n) purse.addCoin(new sdk.Coin(coin.coinId(), payer.puzzleHash, change), number)
}

/** Spends coins together: the first one creates all that is created. */
function spendAll(
  coins: readonly SdkCat[],
  { owner, conditions }: { readonly owner: Wallet; readonly conditions: readonly SdkProgram[] },
  { sdk, clvm, purse, number }: Scene,
): void {
  const spends = coins.map((coin, at) => new sdk.CatSpend(coin, spendBy(owner, clvm, at === 0 ? conditions : [])))
  for (const made of clvm.spendCats(spends)) purse.addCat(made, number)
}

function spendBy({ keys }: Wallet, clvm: SdkClvm, conditions: readonly SdkProgram[]) {
  return clvm.standardSpend(keys.pk, clvm.delegatedSpend(conditions))
}

function created(clvm: SdkClvm, outputs: readonly Output[]): readonly SdkProgram[] {
  return outputs.map(({ to, amount, memos = [to] }) => {
    const list = memos.map((memo) => (/^[0-9a-f]{64}$/.test(memo) ? Buffer.from(memo, 'hex') : memo))
    const puzzleHash = Buffer.from(to, 'hex')
    return list.length === 0
      ? clvm.createCoin(puzzleHash, amount)
      : clvm.createCoin(puzzleHash, amount, clvm.alloc(list))
  })
}

function sumOf(outputs: readonly { readonly amount: bigint }[]): bigint {
  return outputs.reduce((sum, { amount }) => sum + amount, 0n)
}
