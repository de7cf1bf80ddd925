/** Tests that the odd contracts behave as their names say, since other tests depend on it. */
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callData } from '../../src/demo/contracts.ts'
import { type Anvil, DEPLOYER, deploy, send, startAnvil, view } from './anvil.ts'

const A: Address = '0x00000000000000000000000000000000000000aa'
const B: Address = '0x00000000000000000000000000000000000000bb'
const HONEST = 0
const MODES = { reverts: 1, burnsGas: 2, huge: 3, returns65: 4, nothing: 5 }

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil()
})
afterAll(() => anvil.stop())

function raw(address: Address, functionName: string, args: readonly unknown[] = []): Promise<unknown> {
  const name = functionName === 'balanceOf' ? 'Misbehaving' : 'HostileMetadata'
  return anvil.rpc('eth_call', [{ to: address, data: callData(name, functionName, args) }, 'latest'])
}

async function logsOf(receipt: Readonly<Record<string, unknown>>): Promise<number> {
  return Array.isArray(receipt.logs) ? receipt.logs.length : -1
}

test('a rebase changes the balance of an uninvolved account without an event', async () => {
  const address = await deploy(anvil, 'Rebasing')
  const token = { name: 'Rebasing', address } as const
  await send(anvil, { ...token, functionName: 'mint', args: [A, 1_000n] })
  const receipt = await send(anvil, { ...token, functionName: 'rebase', args: [1_100_000_000_000_000_000n] })
  expect(await logsOf(receipt)).toBe(0)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(1_100n)
  expect(await view(anvil, { ...token, functionName: 'totalSupply' })).toBe(1_100n)
})

test('a silent fee reaches the collector without an event', async () => {
  const address = await deploy(anvil, 'SilentFee', [B])
  const token = { name: 'SilentFee', address } as const
  await send(anvil, { ...token, functionName: 'mint', args: [DEPLOYER, 1_000n] })
  expect(await logsOf(await send(anvil, { ...token, functionName: 'transfer', args: [A, 1_000n] }))).toBe(1)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(990n)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [B] })).toBe(10n)
})

test('a silent mint emits no event', async () => {
  const address = await deploy(anvil, 'SilentMint')
  const token = { name: 'SilentMint', address } as const
  expect(await logsOf(await send(anvil, { ...token, functionName: 'mintSilently', args: [A, 5n] }))).toBe(0)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(5n)
})

test('wrapping the native asset emits no Transfer', async () => {
  const address = await deploy(anvil, 'WrappedNative')
  const token = { name: 'WrappedNative', address } as const
  const receipt = await send(anvil, { ...token, functionName: 'deposit', value: 7n })
  expect(JSON.stringify(receipt.logs)).not.toContain('0xddf252ad')
  await send(anvil, { ...token, functionName: 'withdraw', args: [3n] })
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [DEPLOYER] })).toBe(4n)
})

test('hostile metadata is a NUL and 200,000 bytes, and old metadata is bytes32', async () => {
  const hostile = await deploy(anvil, 'HostileMetadata')
  const name = String(await raw(hostile, 'name'))
  expect(name).toHaveLength(2 + 2 * (64 + 200_000))
  expect(name.slice(2 + 128, 2 + 128 + 4)).toBe('004e')
  expect(String(await raw(hostile, 'symbol'))).toContain('00455649e280ae4cff00')
  const old = await deploy(anvil, 'Bytes32Metadata')
  expect(String(await raw(old, 'symbol'))).toBe(`0x${Buffer.from('OLD').toString('hex').padEnd(64, '0')}`)
})

test('decimals can be 255, and can change at the same address', async () => {
  const many = await deploy(anvil, 'Erc20', ['Many', 'MANY', 255])
  expect(await view(anvil, { name: 'Erc20', address: many, functionName: 'decimals' })).toBe(255)
  const six = await deploy(anvil, 'UpgradeableToken', [6])
  const eight = await deploy(anvil, 'UpgradeableToken', [8])
  const address = await deploy(anvil, 'UpgradeableProxy', [six])
  const token = { name: 'UpgradeableToken', address } as const
  await send(anvil, { ...token, functionName: 'mint', args: [A, 1n] })
  expect(await view(anvil, { ...token, functionName: 'decimals' })).toBe(6)
  await send(anvil, { ...token, functionName: 'upgradeTo', args: [eight] })
  expect(await view(anvil, { ...token, functionName: 'decimals' })).toBe(8)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(1n)
})

test('phantom events name holders without a balance', async () => {
  const address = await deploy(anvil, 'PhantomSpam')
  const token = { name: 'PhantomSpam', address } as const
  const receipt = await send(anvil, { ...token, functionName: 'airdrop', args: [A, 5_000n, 10n] })
  expect(await logsOf(receipt)).toBe(5_000)
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(0n)
})

test('a misbehaving token answers as its mode says, and can become honest again', async () => {
  const address = await deploy(anvil, 'Misbehaving', [HONEST])
  const token = { name: 'Misbehaving', address } as const
  await send(anvil, { ...token, functionName: 'mint', args: [A, 9n] })
  const word = 9n.toString(16).padStart(64, '0')
  const mode = (value: number) => send(anvil, { ...token, functionName: 'setMode', args: [value] })
  const failure = { code: 'NODE_RPC' }
  await mode(MODES.reverts)
  await expect(raw(address, 'balanceOf', [A])).rejects.toMatchObject(failure)
  await mode(MODES.burnsGas)
  await expect(raw(address, 'balanceOf', [A])).rejects.toMatchObject(failure)
  await mode(MODES.huge)
  expect(String(await raw(address, 'balanceOf', [A]))).toHaveLength(2 + 2 * 1_000_000)
  await mode(MODES.returns65)
  expect(await raw(address, 'balanceOf', [A])).toBe(`0x${word}${'0'.repeat(66)}`)
  await mode(MODES.nothing)
  expect(await raw(address, 'balanceOf', [A])).toBe('0x')
  await mode(HONEST)
  expect(await raw(address, 'balanceOf', [A])).toBe(`0x${word}`)
})

test('one contract emits both shapes of Transfer', async () => {
  const address = await deploy(anvil, 'TwoFaced')
  const token = { name: 'TwoFaced', address } as const
  const units = await send(anvil, { ...token, functionName: 'mint', args: [A, 5n] })
  const item = await send(anvil, { ...token, functionName: 'mintItem', args: [A, 77n] })
  expect([units, item].map((receipt) => topicCounts(receipt))).toEqual([[3], [4]])
  expect(await view(anvil, { ...token, functionName: 'balanceOf', args: [A] })).toBe(5n)
})

function topicCounts(receipt: Readonly<Record<string, unknown>>): readonly number[] {
  const logs: readonly { readonly topics: readonly string[] }[] = Array.isArray(receipt.logs) ? receipt.logs : []
  return logs.map((log) => log.topics.length)
}
