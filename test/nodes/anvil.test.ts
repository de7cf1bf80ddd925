import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Anvil,
  blockNumber,
  DEPLOYER,
  deploy,
  MULTICALL3,
  mine,
  placeMulticall3,
  send,
  startAnvil,
  view,
} from './anvil.ts'

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 4242 })
})
afterAll(() => anvil.stop())

const HOLDER = '0x00000000000000000000000000000000000000aa'

test('the node reports the requested chain id', async () => {
  expect(anvil.chainId).toBe(4242)
  expect(await anvil.rpc('eth_chainId')).toBe('0x1092')
})

test('a contract is deployed, called and read', async () => {
  const address = await deploy(anvil, 'Erc20', ['Six', 'SIX', 6])
  await send(anvil, { name: 'Erc20', address, functionName: 'mint', args: [HOLDER, 2n ** 256n - 1n] })
  expect(await view(anvil, { name: 'Erc20', address, functionName: 'balanceOf', args: [HOLDER] })).toBe(2n ** 256n - 1n)
  expect(await view(anvil, { name: 'Erc20', address, functionName: 'decimals' })).toBe(6)
})

test('Multicall3 is placed at its address and reads native balances', async () => {
  await placeMulticall3(anvil)
  const wei = await view(anvil, {
    name: 'Multicall3',
    address: MULTICALL3,
    functionName: 'getEthBalance',
    args: [DEPLOYER],
  })
  expect(wei).toBe(BigInt(String(await anvil.rpc('eth_getBalance', [DEPLOYER, 'latest']))))
})

test('blocks are mined on demand', async () => {
  const before = await blockNumber(anvil)
  await mine(anvil, 7)
  expect(await blockNumber(anvil)).toBe(before + 7)
})

test('a batch returns results in order, and an error names the method', async () => {
  const calls = ['eth_chainId', 'eth_blockNumber'].map((method) => ({ method, params: [] }))
  expect(await anvil.rpcBatch(calls)).toEqual(['0x1092', expect.stringMatching(/^0x/)])
  await expect(anvil.rpc('eth_nonsense')).rejects.toMatchObject({
    code: 'NODE_RPC',
    fields: { method: 'eth_nonsense' },
  })
})

test('a stopped node is unreachable', async () => {
  const other = await startAnvil()
  await other.stop()
  await other.stop()
  await expect(other.rpc('eth_chainId')).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})
