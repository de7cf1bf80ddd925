import { pbkdf2Sync } from 'node:crypto'
import { HDKey } from '@scure/bip32'
import { describe, expect, test } from 'vitest'
import { ENGINES } from '../store/engines.ts'
import { idOf } from './driven-chain.ts'
import { custodyWorlds } from './world.ts'

describe.each(ENGINES)('$name', ({ makePlace }) => {
  const custodyWorld = custodyWorlds(makePlace)

  const ANN = { principal: 'ann' }
  // The words of Anvil's accounts (BIP-39).
  const MNEMONIC = 'test test test test test test test test test test test junk'
  const ACCOUNT = HDKey.fromMasterSeed(pbkdf2Sync(MNEMONIC, 'mnemonic', 2048, 64, 'sha512')).derive("m/44'/60'/0'")

  test('a wallet is made, changed and archived, and keeps the digits of its metadata', async () => {
    const { custody, now } = await custodyWorld()
    const metadata = '{"n":9007199254740993.10,"k":{"a":[1e400]}}'
    const made = await custody.wallets.create({ ...ANN, type: 'MPC', name: 'Kasse №1', metadata })
    expect(made).toMatchObject({ principal: 'ann', status: 'active', metadata, createdAt: now.at, updatedAt: now.at })
    expect(made.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    now.at += 5
    const of = { ...ANN, wallet: made.uuid }
    expect(await custody.wallets.update({ ...of, name: undefined, status: 'archived' })).toEqual({
      ...made,
      status: 'archived',
      updatedAt: now.at,
    })
    const list = (includeArchived: boolean) => custody.wallets.list({ ...ANN, includeArchived, page: { limit: 5 } })
    expect((await list(false)).rows).toEqual([])
    expect((await list(true)).rows).toHaveLength(1)
    const watch = custody.addresses.watch({ ...of, family: 'evm', address: `0x${'1'.repeat(40)}` })
    await expect(watch).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test.each([
    ['an empty name', { name: '' }],
    ['a blank name', { name: ' \u2800' }],
    ['a long name', { name: 'x'.repeat(101) }],
    ['a name with a control character', { name: 'a\u0000b' }],
    ['a name that turns the direction of writing', { name: 'a\u202eb' }],
    ['metadata that is an array', { metadata: '[]' }],
    ['metadata that is null', { metadata: 'null' }],
    ['metadata that is no JSON', { metadata: '{' }],
    ['metadata with a key twice', { metadata: '{"a":1,"a":2}' }],
    ['a private key in metadata', { metadata: JSON.stringify({ xpub: ACCOUNT.privateExtendedKey }) }],
    ['a private key deep in metadata', { metadata: JSON.stringify({ a: [`key ${ACCOUNT.privateExtendedKey}`] }) }],
    ['too much metadata', { metadata: JSON.stringify({ a: 'x'.repeat(20_000) }) }],
  ])('%s is refused, when a wallet is made and when it is changed', async (_, wrong) => {
    const { custody } = await custodyWorld()
    const create = custody.wallets.create({ ...ANN, type: 'MPC', name: 'w', ...wrong })
    await expect(create).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    const { uuid } = await custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    const update = custody.wallets.update({ ...ANN, wallet: uuid, ...wrong })
    await expect(update).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('addresses are derived one after the other, by many callers at once, and are watched', async () => {
    const { custody, followed } = await custodyWorld({ families: ['evm', 'starknet'] })
    const metadata = JSON.stringify({ xpub: ACCOUNT.publicExtendedKey })
    const { uuid } = await custody.wallets.create({ ...ANN, type: 'MPC', name: 'w', metadata })
    const of = { ...ANN, wallet: uuid }
    const derived = await Promise.all(
      Array.from({ length: 5 }, () => custody.addresses.deriveNext({ ...of, family: 'evm' })),
    )
    expect(new Set(derived.map((one) => one?.derivationIndex))).toEqual(new Set([0, 1, 2, 3, 4]))
    const first = derived.find((one) => one?.derivationIndex === 0)
    expect(first?.address).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
    expect(new Set(followed).size).toBe(5)
    const { rows = [] } = (await custody.addresses.list({ ...of, page: { limit: 9 } })) ?? {}
    expect(rows.map(({ derivationIndex }) => derivationIndex)).toEqual([0, 1, 2, 3, 4])
    await expect(custody.addresses.deriveNext({ ...of, family: 'starknet' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    expect(await custody.addresses.deriveNext({ ...of, principal: 'bob', family: 'evm' })).toBeUndefined()
  })

  test.each([
    ['no xpub', {}],
    ['an xpub that is a number', { xpub: 1 }],
    ['an xpub that is none', { xpub: 'xpub' }],
  ])('a wallet with %s derives nothing', async (_, metadata) => {
    const { custody } = await custodyWorld()
    const { uuid } = await custody.wallets.create({
      ...ANN,
      type: 'MPC',
      name: 'w',
      metadata: JSON.stringify(metadata),
    })
    const derive = custody.addresses.deriveNext({ ...ANN, wallet: uuid, family: 'evm' })
    await expect(derive).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('an address is watched in its canonical form, and only one of the family', async () => {
    const { custody, of } = await custodyWorld({ families: ['evm', 'chia'] })
    const { uuid } = await custody.wallets.create({ ...ANN, type: 'MPC', name: 'w' })
    const watch = (family: 'evm' | 'chia' | 'ledger', address: string) =>
      custody.addresses.watch({ ...ANN, wallet: uuid, family, address })
    const mixed = `0x${'aB'.repeat(20)}`
    const one = await watch('evm', mixed)
    expect(one?.address).toBe(mixed.toLowerCase())
    expect(await watch('evm', mixed.toLowerCase())).toEqual(one)
    const wrong = [
      ['evm', of('chia').account(1)],
      ['evm', '0x1'],
      ['evm', `0x${'0'.repeat(40)}`],
      ['chia', mixed],
      ['ledger', 'desk'],
    ] as const
    for (const [family, address] of wrong)
      await expect(watch(family, address)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(
      await custody.addresses.watch({ principal: 'bob', wallet: uuid, family: 'evm', address: mixed }),
    ).toBeUndefined()
    const { rows } = await custody.balances({ ...ANN, address: mixed, page: { limit: 9 } })
    expect(rows.every(({ address }) => address === one?.address)).toBe(true)
  })

  test('an id that is taken gets a number, and two assets never share one', async () => {
    const { custody } = await custodyWorld()
    const chain = idOf('eip155:1')
    // The rule of this test proposes the same id for both standards of a contract.
    const both = (['erc20', 'cat'] as const).map((standard) => ({ chain, asset: { standard, reference: '0xa' } }))
    const ids = await custody.ids.ofAssets(both)
    expect(ids).toEqual(['eip155:1_0xa', 'eip155:1_0xa_2'])
    expect(await custody.ids.ofAssets([...both].reverse())).toEqual([...ids].reverse())
    expect(await Promise.all(ids.map((id) => custody.ids.asset(id)))).toEqual(both)
  })
})
