import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, DEPLOYER, deploy, mine, placeMulticall3, send, startAnvil } from '../nodes/anvil.ts'
import { type Serving, serve, steelyard } from './steelyard.ts'

const HOLDER = '0x00000000000000000000000000000000000000a1'
const COLLECTOR = '0x00000000000000000000000000000000000000b2'
const STRANGER = '0x00000000000000000000000000000000000000c3'

let anvil: Anvil
let server: Serving
const token: Record<string, string> = {}

/** One normal token, and four with incomplete logs. */
beforeAll(async () => {
  anvil = await startAnvil()
  await placeMulticall3(anvil)
  const plain = await deploy(anvil, 'Erc20', ['Plain', 'PLN', 18])
  await send(anvil, { name: 'Erc20', address: plain, functionName: 'mint', args: [HOLDER, 1_000n] })
  const rebasing = await deploy(anvil, 'Rebasing')
  await send(anvil, { name: 'Rebasing', address: rebasing, functionName: 'mint', args: [HOLDER, 1_000n] })
  await send(anvil, { name: 'Rebasing', address: rebasing, functionName: 'rebase', args: [1_100_000_000_000_000_000n] })
  const fee = await deploy(anvil, 'SilentFee', [COLLECTOR])
  await send(anvil, { name: 'SilentFee', address: fee, functionName: 'mint', args: [DEPLOYER, 1_000n] })
  await send(anvil, { name: 'SilentFee', address: fee, functionName: 'transfer', args: [HOLDER, 1_000n] })
  const silent = await deploy(anvil, 'SilentMint')
  await send(anvil, { name: 'SilentMint', address: silent, functionName: 'mint', args: [HOLDER, 3n] })
  await send(anvil, { name: 'SilentMint', address: silent, functionName: 'mintSilently', args: [STRANGER, 5n] })
  const wrapped = await deploy(anvil, 'WrappedNative')
  await send(anvil, { name: 'WrappedNative', address: wrapped, functionName: 'deposit', value: 7n })
  await send(anvil, { name: 'WrappedNative', address: wrapped, functionName: 'transfer', args: [HOLDER, 2n] })
  Object.assign(token, { plain, rebasing, fee, silent, wrapped })
  const chainId = Number(await anvil.rpc('eth_chainId', []))
  server = await serve({ chains: [{ id: `eip155:${chainId}`, rpc: [anvil.url], poll_ms: 50 }] })
}, 180_000)
afterAll(async () => {
  expect(await server.stop()).toBe(0)
  await anvil.stop()
})

async function classes(): Promise<Record<string, unknown>> {
  const { code, out } = await steelyard(['tokens', '--config', server.config, '--json'])
  expect(code).toBe(0)
  const rows = out
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const found: Record<string, unknown> = {}
  for (const [name, address] of Object.entries(token)) {
    const row = rows.find((one) => JSON.stringify(one).includes(`/erc20:${address}"`))
    expect(row).toEqual(expect.objectContaining({ accounting: expect.any(String), why: expect.any(String) }))
    if (typeof row === 'object' && row !== null && 'accounting' in row && 'why' in row) {
      found[name] = { accounting: row.accounting, why: row.why }
    }
  }
  return found
}

test('tokens with incomplete logs are found and reclassified, with evidence; the normal one is not', async () => {
  await server.healthy((chain) => (chain.audit?.turned ?? 0) >= 4)
  await mine(anvil, 1)
  const head = Number(await anvil.rpc('eth_blockNumber', []))
  await server.healthy((chain) => (chain.audit?.block ?? 0) >= head)
  expect(await classes()).toEqual({
    plain: { accounting: 'events', why: 'not reclassified' },
    rebasing: { accounting: 'reads', why: 'an amount differs' },
    fee: { accounting: 'reads', why: 'an amount differs' },
    silent: { accounting: 'reads', why: 'the supply differs' },
    wrapped: { accounting: 'reads', why: 'sums are out of range' },
  })
  const metrics = await (await server.get('/metrics')).text()
  expect(metrics).toMatch(/steelyard_chain_audited_block\{chain="eip155:\d+"\} \d+/)
  expect(metrics).toMatch(/steelyard_tokens\{chain="eip155:\d+",accounting="reads"\} 4/)
})

test('their served balances equal the chain’s amounts', async () => {
  const chainId = Number(await anvil.rpc('eth_chainId', []))
  const all = Object.values(token).join(',')
  const amounts = async (account: string): Promise<Record<string, bigint>> => {
    const query = `chain_id=${chainId}&address=${account}&contract_address=${all}&limit=100`
    const body = (await (await server.get(`/v1/account/tokens?${query}`)).json()) as {
      data: { contract_address: string; balance: string }[]
    }
    const byToken = new Map(body.data.map((row) => [row.contract_address, BigInt(row.balance)]))
    return Object.fromEntries(Object.entries(token).map(([name, address]) => [name, byToken.get(address) ?? -1n]))
  }
  expect(await amounts(HOLDER)).toEqual({ plain: 1_000n, rebasing: 1_100n, fee: 990n, silent: 3n, wrapped: 2n })
  expect(await amounts(COLLECTOR)).toEqual({ plain: 0n, rebasing: 0n, fee: 10n, silent: 0n, wrapped: 0n })
  expect(await amounts(STRANGER)).toEqual({ plain: 0n, rebasing: 0n, fee: 0n, silent: 5n, wrapped: 0n })
  expect(await amounts(DEPLOYER)).toEqual({ plain: 0n, rebasing: 0n, fee: 0n, silent: 0n, wrapped: 5n })
})

test('the metadata of a token has its accounting', async () => {
  const chainId = Number(await anvil.rpc('eth_chainId', []))
  const accounting = async (address = ''): Promise<unknown> => {
    const answer = await server.get(`/v1/token/metadata?chain_id=${chainId}&contract_address=${address}`)
    return ((await answer.json()) as { data: { accounting?: string } }).data.accounting
  }
  expect(await accounting(token.plain)).toBe('events')
  expect(await accounting(token.rebasing)).toBe('reads')
})
