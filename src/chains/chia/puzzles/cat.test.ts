import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBundles } from '../../../../test/chia/bundles.ts'
import { walletSdk } from '../../../../test/chia/wallet-sdk.ts'
import { assert } from '../../../core/assert.ts'
import { CAT_MOD, catPuzzleHash, leadOfReveal, REVOCATION_MOD } from './cat.ts'
import type { Lead } from './lead.ts'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('every CAT of the recordings has the puzzle hash of its asset and owner', () => {
  const coins = readBundles().flatMap(({ expected }) => expected.created.filter(({ kind }) => kind === 'cat'))
  for (const { asset_id, inner_puzzle_hash, puzzle_hash } of coins)
    expect(catPuzzleHash({ tail: asset_id ?? '', hidden: undefined }, inner_puzzle_hash ?? '')).toBe(puzzle_hash)
  expect(coins.length).toBeGreaterThan(100)
})

test('no order of calls changes a puzzle hash, with more leads than are kept', () => {
  const owners = ['01', '02'].map((byte) => byte.repeat(32))
  const leads = Array.from({ length: 10_100 }, (_, n): Lead => {
    const tail = n.toString(16).padStart(64, '0')
    return { tail, hidden: n % 3 === 0 ? tail.replace('0', 'f') : undefined }
  })
  const byOwner = owners.map((owner) => leads.map((lead) => catPuzzleHash(lead, owner)))
  const byLead = leads.map((lead) => owners.map((owner) => catPuzzleHash(lead, owner)))
  expect(byLead).toEqual(leads.map((_, n) => byOwner.map((hashes) => hashes[n])))
  expect(new Set(byOwner.flat()).size).toBe(2 * leads.length)
})

describe.skipIf(walletSdk === undefined)('the wallet SDK', () => {
  test('knows the two puzzles by the same hashes', () => {
    assert(walletSdk !== undefined, 'not skipped')
    const clvm = new walletSdk.Clvm()
    expect([CAT_MOD, CAT_MOD]).toEqual([walletSdk.Constants.catPuzzleHash(), clvm.catPuzzle().treeHash()].map(hex))
    expect([REVOCATION_MOD, REVOCATION_MOD]).toEqual(
      [walletSdk.Constants.revocationLayerHash(), clvm.revocationLayer().treeHash()].map(hex),
    )
  })

  test('gives the coins of an owner the same puzzle hash', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.option(bytes32), (tail, owner, hidden) => {
        assert(walletSdk !== undefined, 'not skipped')
        const own = catPuzzleHash({ tail: hex(tail), hidden: hidden ? hex(hidden) : undefined }, hex(owner))
        expect(own).toBe(hex(new walletSdk.CatInfo(tail, hidden, owner).puzzleHash()))
        if (hidden === null) expect(own).toBe(hex(walletSdk.catPuzzleHash(tail, owner)))
      }),
    )
  })

  test('makes puzzles that we read, and whose tree hash is the puzzle hash', () => {
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 40 }), fc.option(bytes32), (tail, inner, hidden) => {
        assert(walletSdk !== undefined, 'not skipped')
        const clvm = new walletSdk.Clvm()
        const owner = clvm.atom(inner).treeHash()
        const [catMod, revocationMod] = [CAT_MOD, REVOCATION_MOD].map((mod) => clvm.atom(Buffer.from(mod, 'hex')))
        assert(catMod !== undefined && revocationMod !== undefined, 'there are two')
        const layer = hidden && clvm.revocationLayer().curry([revocationMod, clvm.atom(hidden), clvm.atom(owner)])
        const puzzle = clvm.catPuzzle().curry([catMod, clvm.atom(tail), layer ?? clvm.atom(inner)])
        const lead: Lead = { tail: hex(tail), hidden: hidden ? hex(hidden) : undefined }
        expect(leadOfReveal(puzzle.serialize())).toEqual({ lead, owner: hex(owner) })
        expect(catPuzzleHash(lead, hex(owner))).toBe(hex(puzzle.treeHash()))
      }),
    )
  })

  test('a CAT around a CAT is owned by no account of the inner one', () => {
    assert(walletSdk !== undefined, 'not skipped')
    const clvm = new walletSdk.Clvm()
    const around = (tail: string, inner: ReturnType<typeof clvm.atom>) =>
      clvm.catPuzzle().curry([CAT_MOD, tail].map((one) => clvm.atom(Buffer.from(one, 'hex'))).concat(inner))
    const [outer, inner] = ['aa'.repeat(32), 'bb'.repeat(32)]
    const account = clvm.atom(Uint8Array.of(5))
    const nested = around(outer, around(inner, account))
    const owner = catPuzzleHash({ tail: inner, hidden: undefined }, hex(account.treeHash()))
    expect(leadOfReveal(nested.serialize())).toEqual({ lead: { tail: outer, hidden: undefined }, owner })
  })

  test.each([
    ['a CAT that says to be another puzzle', 'cc'.repeat(32), 'aa'.repeat(32)],
    ['a TAIL of 31 bytes', CAT_MOD, 'aa'.repeat(31)],
    ['no TAIL', CAT_MOD, ''],
  ])('%s is no CAT', (_, mod, tail) => {
    assert(walletSdk !== undefined, 'not skipped')
    const clvm = new walletSdk.Clvm()
    const args = [mod, tail, '05'].map((one) => clvm.atom(Buffer.from(one, 'hex')))
    expect(leadOfReveal(clvm.catPuzzle().curry(args).serialize())).toBeUndefined()
    expect(leadOfReveal(clvm.catPuzzle().serialize())).toBeUndefined()
    expect(
      leadOfReveal(
        clvm
          .catPuzzle()
          .curry([...args, clvm.nil()])
          .serialize(),
      ),
    ).toBeUndefined()
    expect(leadOfReveal(clvm.revocationLayer().curry(args).serialize())).toBeUndefined()
  })

  test('a revocation layer that says to be another puzzle is an inner puzzle like any other', () => {
    assert(walletSdk !== undefined, 'not skipped')
    const clvm = new walletSdk.Clvm()
    const atom = (one: string) => clvm.atom(Buffer.from(one, 'hex'))
    const layer = clvm.revocationLayer().curry(['cc', 'bb', 'aa'].map((byte) => atom(byte.repeat(32))))
    const puzzle = clvm.catPuzzle().curry([atom(CAT_MOD), atom('dd'.repeat(32)), layer])
    const lead = { tail: 'dd'.repeat(32), hidden: undefined }
    expect(leadOfReveal(puzzle.serialize())).toEqual({ lead, owner: hex(layer.treeHash()) })
  })
})
