import { describe, expect, test } from 'vitest'
import { walletSdk } from '../../../../test/chia/wallet-sdk.ts'
import { assert } from '../../../core/assert.ts'
import type { SdkCat, SdkCatInfo, SdkKey, SdkProgram, SdkSpend } from '../../../demo/chia/sdk.ts'
import { type CatCoin, catPuzzleHash } from './cat.ts'
import { isAtom, parseClvm, serialize } from './clvm.ts'
import { coinId } from './coin.ts'
import { type CoinSpend, type ReadSpend, readSpend } from './spend.ts'

/** More than a float can hold. */
const ISSUED = 9_007_199_254_740_993_123n

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A coin that a spend should create: to whom, how much, and the hint. */
type Output = { readonly to: Uint8Array; readonly amount: bigint; readonly hint?: Uint8Array }

/** A simulated chain with a CAT, whose issuer can revoke or not. The simulator checks every spend as a node does. */
class World {
  readonly #sdk = sdk()
  readonly #simulator = new this.#sdk.Simulator()
  readonly #clvm = new this.#sdk.Clvm()
  readonly alice = this.#simulator.bls(ISSUED)
  readonly bob = this.#simulator.bls(1n)
  readonly issuer = this.#simulator.bls(1n)
  /** A TAIL that accepts everything. */
  readonly #tail = this.#clvm.nil()
  readonly #info: SdkCatInfo
  readonly #eve: SdkCat

  constructor({ isRevocable }: { readonly isRevocable: boolean }) {
    const hidden = isRevocable ? this.issuer.puzzleHash : null
    this.#info = new this.#sdk.CatInfo(this.#tail.treeHash(), hidden, this.alice.puzzleHash)
    const puzzleHash = this.#info.puzzleHash()
    const issue = this.#clvm.delegatedSpend([this.#clvm.createCoin(puzzleHash, ISSUED)])
    this.#clvm.spendStandardCoin(this.alice.coin, this.alice.pk, issue)
    this.#eve = new this.#sdk.Cat(new this.#sdk.Coin(this.alice.coin.coinId(), puzzleHash, ISSUED), null, this.#info)
  }

  /** Of a CAT coin of an owner, as our reader names it. */
  coinOf(owner: Uint8Array, { isRevocable }: { readonly isRevocable: boolean }): CatCoin {
    const hidden = isRevocable ? hex(this.issuer.puzzleHash) : undefined
    return { lead: { tail: hex(this.#tail.treeHash()), hidden }, owner: hex(owner) }
  }

  /** The puzzle hash inside a revocable coin of the CAT. */
  innerOf(owner: Uint8Array): Uint8Array {
    return new this.#sdk.CatInfo(this.#tail.treeHash(), this.issuer.puzzleHash, owner).innerPuzzleHash()
  }

  /** Spends the first coin of the CAT, which runs the TAIL. */
  issue(outputs: readonly Output[]): readonly SdkCat[] {
    const run = this.#clvm.runCatTail(this.#tail, this.#clvm.nil())
    return this.#spend(this.#eve, this.#by(this.alice, outputs, [run]))
  }

  send(cat: SdkCat, from: SdkKey, outputs: readonly Output[]): readonly SdkCat[] {
    return this.#spend(cat, this.#by(from, outputs))
  }

  revoke(cat: SdkCat, outputs: readonly Output[]): readonly SdkCat[] {
    return this.#clvm.spendCats([this.#sdk.CatSpend.revoke(cat, this.#by(this.issuer, outputs))])
  }

  /** Lets the simulator accept all spends as one bundle. The first is of the coin that issued. */
  spends(): readonly CoinSpend[] {
    const spends = this.#clvm.coinSpends()
    const keys = [this.alice, this.bob, this.issuer].map(({ sk }) => sk)
    this.#simulator.spendCoins(spends, keys)
    return spends.map(({ coin, puzzleReveal, solution }) => {
      const own = { parent: hex(coin.parentCoinInfo), puzzleHash: hex(coin.puzzleHash), amount: coin.amount }
      return { coin: own, reveal: puzzleReveal, solution }
    })
  }

  /** As `spends`, and reads them. */
  read(): readonly ReadSpend[] {
    return this.spends().map((spend) => {
      const read = readSpend(spend)
      assert(read !== undefined, 'a spend that the simulator accepts is read')
      return read
    })
  }

  #by(key: SdkKey, outputs: readonly Output[], more: readonly SdkProgram[] = []): SdkSpend {
    const created = outputs.map(({ to, amount, hint }) =>
      this.#clvm.createCoin(to, amount, hint && this.#clvm.alloc([hint])),
    )
    return this.#clvm.standardSpend(key.pk, this.#clvm.delegatedSpend([...created, ...more]))
  }

  #spend(cat: SdkCat, spend: SdkSpend): readonly SdkCat[] {
    return this.#clvm.spendCats([new this.#sdk.CatSpend(cat, spend)])
  }
}

function sdk() {
  assert(walletSdk !== undefined, 'tests that need the SDK are skipped without it')
  return walletSdk
}

function first(cats: readonly SdkCat[]): SdkCat {
  const [cat] = cats
  assert(cat !== undefined, 'a coin was created')
  return cat
}

/** What a spend created: of whom and how much. */
const created = (spend: ReadSpend | undefined) => spend?.created.map(({ coin, cat }) => [cat, coin.amount])

describe.skipIf(walletSdk === undefined).each([false, true])('a CAT (revocable: %s)', (isRevocable) => {
  test('is sent with a hint, without one, with the hint of another, and back as change', () => {
    const world = new World({ isRevocable })
    const { alice, bob, issuer } = world
    const [issued] = [first(world.issue([{ to: alice.puzzleHash, amount: ISSUED, hint: alice.puzzleHash }]))]
    world.send(issued, alice, [
      { to: bob.puzzleHash, amount: 1n, hint: bob.puzzleHash },
      { to: bob.puzzleHash, amount: 2n },
      { to: bob.puzzleHash, amount: 3n, hint: alice.puzzleHash },
      { to: bob.puzzleHash, amount: 4n, hint: Buffer.from('thanks') },
      { to: issuer.puzzleHash, amount: 0n },
      { to: alice.puzzleHash, amount: ISSUED - 10n },
    ])
    const [, issue, sent] = world.read()
    const of = ({ puzzleHash }: SdkKey): CatCoin => world.coinOf(puzzleHash, { isRevocable })
    expect(created(issue)).toEqual([[of(alice), ISSUED]])
    expect(issue?.spent).toEqual({ ...of(alice), isProven: false })
    expect(created(sent)).toEqual([
      [of(bob), 1n],
      [of(bob), 2n],
      [of(bob), 3n],
      [of(bob), 4n],
      [of(issuer), 0n],
      [of(alice), ISSUED - 10n],
    ])
    expect(sent?.spent).toEqual({ ...of(alice), isProven: true })
    expect(sent?.created.map(({ hint }) => hint)).toEqual([
      hex(bob.puzzleHash),
      undefined,
      hex(alice.puzzleHash),
      undefined,
      undefined,
      undefined,
    ])
    for (const { coin, cat } of sent?.created ?? [])
      expect(coin.puzzleHash).toBe(cat && catPuzzleHash(cat.lead, cat.owner))
  })
})

describe.skipIf(walletSdk === undefined)('a revocable CAT', () => {
  const revoked = { isRevocable: true }

  test('stays one if its owner sends it with the hash of his own wrapping as a hint', () => {
    const world = new World(revoked)
    const { alice, bob } = world
    const issued = first(world.issue([{ to: alice.puzzleHash, amount: ISSUED }]))
    world.send(issued, alice, [{ to: bob.puzzleHash, amount: ISSUED, hint: world.innerOf(bob.puzzleHash) }])
    expect(created(world.read()[2])).toEqual([[world.coinOf(bob.puzzleHash, revoked), ISSUED]])
  })

  test('that its issuer revokes is his, revocable no more', () => {
    const world = new World(revoked)
    const { alice, issuer } = world
    const issued = first(world.issue([{ to: alice.puzzleHash, amount: ISSUED }]))
    world.revoke(issued, [{ to: issuer.puzzleHash, amount: ISSUED }])
    const [, , revocation] = world.read()
    expect(created(revocation)).toEqual([[world.coinOf(issuer.puzzleHash, { isRevocable: false }), ISSUED]])
    expect(revocation?.spent).toEqual({ ...world.coinOf(alice.puzzleHash, revoked), isProven: true })
  })

  test('that its issuer revokes in part stays revocable where he wraps it again', () => {
    const world = new World(revoked)
    const { alice, bob, issuer } = world
    const issued = first(world.issue([{ to: alice.puzzleHash, amount: ISSUED }]))
    world.revoke(issued, [
      { to: issuer.puzzleHash, amount: 7n },
      { to: world.innerOf(bob.puzzleHash), amount: 5n, hint: bob.puzzleHash },
      { to: world.innerOf(alice.puzzleHash), amount: ISSUED - 12n },
    ])
    expect(created(world.read()[2])).toEqual([
      [world.coinOf(issuer.puzzleHash, { isRevocable: false }), 7n],
      [world.coinOf(bob.puzzleHash, revoked), 5n],
      [world.coinOf(alice.puzzleHash, revoked), ISSUED - 12n],
    ])
  })

  test('is linked: each coin that was spent had been created', () => {
    const world = new World(revoked)
    const { alice, bob } = world
    const issued = first(world.issue([{ to: alice.puzzleHash, amount: ISSUED }]))
    const sent = first(world.send(issued, alice, [{ to: bob.puzzleHash, amount: ISSUED }]))
    const last = first(world.send(sent, bob, [{ to: alice.puzzleHash, amount: ISSUED }]))
    const ids = world.read().flatMap((spend) => spend.created.map(({ coin }) => coinId(coin)))
    expect(ids).toEqual(
      [issued.coin.parentCoinInfo, issued.coin.coinId(), sent.coin.coinId(), last.coin.coinId()].map(hex),
    )
  })
})

describe.skipIf(walletSdk === undefined)('the proof of lineage in a solution', () => {
  /** The same spend with another second part of its solution. */
  function withProof(spend: CoinSpend | undefined, proof: string): CoinSpend {
    const solution = spend && parseClvm(spend.solution)
    assert(spend !== undefined && solution !== undefined && !isAtom(solution), 'a solution is a list')
    assert(!isAtom(solution.rest), 'of several parts')
    const rest = { ...solution.rest, first: parseClvm(Buffer.from(proof, 'hex')) }
    return { ...spend, solution: serialize({ ...solution, rest }) }
  }

  test('that is false proves nothing where a TAIL accepts it, and fails elsewhere', () => {
    const world = new World({ isRevocable: false })
    const { alice } = world
    const issued = first(world.issue([{ to: alice.puzzleHash, amount: ISSUED }]))
    world.send(issued, alice, [{ to: alice.puzzleHash, amount: ISSUED }])
    const [, issue, sent] = world.spends()
    const hash = `a0${'11'.repeat(32)}`
    const lie = `ff${hash}ff${hash}ff0180`
    expect(readSpend(withProof(issue, lie))?.spent?.isProven).toBe(false)
    expect(readSpend(withProof(issue, '80'))?.spent?.isProven).toBe(false)
    expect(readSpend(withProof(sent, lie))).toBeUndefined()
    expect(readSpend(withProof(sent, '80'))).toBeUndefined()
  })
})
