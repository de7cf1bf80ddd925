import { expect, test } from 'vitest'
import { assetKey } from '../../src/core/asset.ts'
import type { Hint } from '../../src/core/transfer.ts'
import { StatefulChain } from '../chains/stateful-chain.ts'
import { ACCOUNTS, ASSETS, type Movement } from '../store/chains.ts'
import { makeRig, type Rig, undisturbed } from './harness.ts'

const [alice = '', bob = '', carol = ''] = ACCOUNTS
/** One contract as a coin, and as a collection. */
const [units, , , , items] = ASSETS

type Move = { readonly from?: string; readonly to: string; readonly id: number }
const BLOCKS: readonly (readonly Move[])[] = [
  [],
  [{ to: alice, id: 5 }],
  [
    { from: alice, to: bob, id: 5 },
    { to: carol, id: 7 },
  ],
  [{ from: bob, to: carol, id: 5 }],
]

const asItem = ({ from, to, id }: Move): Movement => ({ asset: items, from, to, amount: 1n, item: id })
const asAmount = ({ from, to, id }: Move): Movement => ({ asset: units, from, to, amount: BigInt(id), item: 0 })
const hintsOf = ({ from, to, id }: Move): readonly Hint[] =>
  [from, to].flatMap((account): readonly Hint[] =>
    account === undefined
      ? []
      : [
          { asset: units, account, reason: 'undecodable' },
          { asset: items, account, reason: 'undecodable', item: String(id) },
        ],
  )

/** One item on its way through more blocks than are fetched again at once. */
const LONG_WAY: readonly (readonly Move[])[] = [
  [],
  [{ to: alice, id: 5 }],
  ...Array.from({ length: 75 }, () => [
    [{ from: alice, to: bob, id: 5 }],
    [],
    [{ from: bob, to: alice, id: 5 }],
  ]).flat(),
]

/** The contract's first blocks, as an adapter gives them before it knows what the contract is, or after. */
function add(
  chain: StatefulChain,
  decode: (move: Move) => readonly (Movement | Hint)[],
  blocks = BLOCKS,
): StatefulChain {
  for (const [number, moves] of blocks.entries()) {
    chain.add(String(number), number === 0 ? undefined : String(number - 1), moves.flatMap(decode))
  }
  return chain
}

const asUndecided = (move: Move): readonly (Movement | Hint)[] => [asAmount(move), ...hintsOf(move)]

/** What is stored, without the hints and classes, which tell of the time before the decision. */
function factsOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !/^(hints|turns) /.test(line))
}

/** Runs rounds until the cool-down of an undecided contract is over. */
async function afterCoolDown(rig: Rig): Promise<void> {
  for (let rounds = 0; rounds < 70; rounds++) await rig.round()
}

async function accountings(rig: Rig) {
  return [(await rig.reads.asset(units))?.accounting, (await rig.reads.asset(items))?.accounting]
}

const MINTED: Move = { to: alice, id: 9 }

/** A rig of a contract that is not decided, and whose next block decides it. */
async function decidedLate(later: Movement) {
  const chain = add(new StatefulChain(), asUndecided).show('3')
  const rig = await makeRig(chain)
  await rig.audit()
  chain.add('4', '3', [later]).show('4')
  await rig.settle()
  return { chain, rig }
}

test('a contract that is not decided is known by reads, as a coin and as a collection', async () => {
  const chain = add(new StatefulChain(), asUndecided).show('3')
  const rig = await makeRig(chain)
  await rig.audit()
  expect(await accountings(rig)).toEqual(['reads', 'reads'])
  const before = await rig.dump()
  await rig.round()
  expect(await rig.dump()).toEqual(before)
  await rig.close()
})

test('a contract that is decided late to have items has them from its first block on', async () => {
  const { chain, rig } = await decidedLate(asItem(MINTED))
  // Until the blocks are fetched again, the collection is read: its sum lacks what moved before.
  expect(await accountings(rig)).toEqual(['reads', 'reads'])
  add(chain, (move) => [asItem(move)])
  await rig.round()
  expect(factsOf(await rig.dump())).toEqual(factsOf(await undisturbed(chain)))
  expect((await rig.dump()).filter((line) => line.startsWith('hints '))).toEqual([])
  expect((await rig.reads.asset(items))?.accounting).toBe('reads')
  expect(await rig.journal.doubts.state()).toMatchObject({ tokens: 0, chain: false, refetching: undefined })
  expect(chain.distrusted).toEqual([])
  expect((await rig.reads.audits.findings(9)).map(({ what, says }) => [what, says])).toEqual([
    ['repaired', `4 earlier transfers of this contract are now of ${assetKey(items)}`],
  ])
  await rig.close()
})

test('a contract that is decided late to have amounts is no collection any more', async () => {
  const { chain, rig } = await decidedLate(asAmount(MINTED))
  add(chain, (move) => [asAmount(move)])
  await afterCoolDown(rig)
  expect(factsOf(await rig.dump())).toEqual(factsOf(await undisturbed(chain)))
  expect((await rig.reads.asset(items))?.firstBlock).toBeUndefined()
  await rig.close()
})

test('an adapter that no longer knows what the contract is changes nothing', async () => {
  const { chain, rig } = await decidedLate(asItem(MINTED))
  chain.add('4', '3', asUndecided(MINTED))
  const before = factsOf(await rig.dump())
  await rig.round()
  expect(factsOf(await rig.dump())).toEqual(before)
  expect(await accountings(rig)).toEqual(['reads', 'reads'])
  // Once it knows again, the history is put right.
  add(chain, (move) => [asItem(move)]).add('4', '3', [asItem(MINTED)])
  await afterCoolDown(rig)
  expect(factsOf(await rig.dump())).toEqual(factsOf(await undisturbed(chain)))
  await rig.close()
})

test('a contract with transfers of two standards keeps both', async () => {
  const both = (move: Move) => [...asUndecided(move), asItem({ ...move, id: move.id + 100 })]
  const chain = add(new StatefulChain(), both)
    .add('4', '3', [asItem(MINTED)])
    .show('4')
  const rig = await makeRig(chain)
  await rig.settle()
  const before = factsOf(await rig.dump())
  await afterCoolDown(rig)
  expect(factsOf(await rig.dump())).toEqual(before)
  expect(await accountings(rig)).toEqual(['reads', 'reads'])
  await rig.close()
})

test('a long history is put right part by part', async () => {
  const chain = add(new StatefulChain(), asUndecided, LONG_WAY)
  const last = LONG_WAY.length
  chain.add(String(last), String(last - 1), [asItem(MINTED)]).show(String(last), last)
  const rig = await makeRig(chain)
  await rig.settle()
  add(chain, (move) => [asItem(move)], LONG_WAY)
  await afterCoolDown(rig)
  expect(factsOf(await rig.dump())).toEqual(factsOf(await undisturbed(chain)))
  await rig.close()
})
