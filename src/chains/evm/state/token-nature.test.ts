/** Tests how real contracts are classified: units or items. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Anvil, DEPLOYER, deploy, placeMulticall3, send, startAnvil } from '../../../../test/nodes/anvil.ts'
import { altering, Fault, startScriptedNode } from '../../../../test/nodes/scripted-node.ts'
import type { ContractName } from '../../../demo/contracts.ts'
import { noCounts } from '../../adapter.ts'
import { CoolDowns } from '../../nodes/cool-downs.ts'
import { NamedHeads } from '../../nodes/named-heads.ts'
import { createRpc } from '../../nodes/rpc.ts'
import { RPC_LIMITS } from '../../nodes/rpc-limits.ts'
import { classifyEvmFault } from '../words/faults.ts'
import { CodeCheck } from './code-check.ts'
import { Abilities } from './read-at-block.ts'
import { readNatures, type Sample, type TokenNature } from './token-nature.ts'

const SIGNAL = new AbortController().signal
const [OWNED, BURNT] = [5n, 6n]

let anvil: Anvil
beforeAll(async () => {
  anvil = await startAnvil()
  await placeMulticall3(anvil)
}, 180_000)
afterAll(() => anvil.stop())

async function naturesOf(samples: readonly Sample[], url = anvil.url): Promise<readonly (TokenNature | undefined)[]> {
  const counts = noCounts()
  const rpc = createRpc({
    urls: [url],
    classify: classifyEvmFault,
    checkNode: async () => undefined,
    warn: () => undefined,
    counts,
    limits: { timeoutMs: RPC_LIMITS.timeoutMs },
  })
  const reader = {
    abilities: new Abilities(),
    coolDowns: new CoolDowns(Date.now),
    codeCheck: new CodeCheck(),
    named: new NamedHeads(() => 0),
  }
  const whole = { ...reader, at: 'latest' as const, perCall: 200 }
  return rpc.run((session) => readNatures(session, samples, whole), { signal: SIGNAL })
}

/** Deploys a contract. A contract of items gets one item with an owner and one burnt item; others get no mint. */
async function placed(name: ContractName, args: readonly unknown[]): Promise<string> {
  const address = await deploy(anvil, name, args)
  if (name !== 'OddItems' && name !== 'Erc721') return address
  for (const id of [OWNED, BURNT]) await send(anvil, { name, address, functionName: 'mint', args: [DEPLOYER, id] })
  await send(anvil, { name, address, functionName: 'burn', args: [BURNT] })
  return address
}

const EVERY: readonly (readonly [ContractName, readonly unknown[], bigint, odd: TokenNature, usual: TokenNature])[] = [
  ['Erc20', ['Six', 'SIX', 6], OWNED, 'units', 'units'],
  ['Erc20', ['Whole', 'WHL', 0], OWNED, 'units', 'units'],
  ['NoDecimals', ['None', 'NON'], OWNED, 'as_laid', 'units'],
  ['Erc721', ['Items', 'ITM'], OWNED, 'items', 'items'],
  ['Erc721', ['Items', 'ITM'], BURNT, 'items', 'items'],
  ['OddItems', [3, false, false], OWNED, 'items', 'items'],
  ['OddItems', [3, false, false], BURNT, 'as_laid', 'items'],
  ['OddItems', [3, false, true], OWNED, 'as_laid', 'items'],
  ['OddItems', [3, false, true], BURNT, 'as_laid', 'items'],
  ['OddItems', [3, true, false], BURNT, 'items', 'items'],
  ['TwoFaced', [], OWNED, 'as_laid', 'units'],
  ['Misbehaving', [0], OWNED, 'units', 'units'],
]

test.each(EVERY)('%s %j, asked about item %i, is %s, and with the usual layout of amounts %s', async (...row) => {
  const [name, args, number, odd, usual] = row
  const contract = await placed(name, args)
  const numbers = [number]
  expect(await naturesOf([{ contract, numbers }])).toEqual([odd])
  expect(await naturesOf([{ contract, numbers, usual: true }])).toEqual([usual])
})

test('many contracts are classified in one call, and an absent contract is as_laid', async () => {
  const [coin, items] = [await placed('Erc20', ['Six', 'SIX', 6]), await placed('OddItems', [3, false, false])]
  const nowhere = `0x${'d1'.repeat(20)}`
  const samples = [coin, items, nowhere].map((contract) => ({ contract, numbers: [OWNED], usual: true }))
  expect(await naturesOf(samples)).toEqual(['units', 'items', 'as_laid'])
})

test('a contract without an owner of the item stays undecided when the node refuses its code', async () => {
  const [whole, items] = [await placed('Erc20', ['Whole', 'WHL', 0]), await placed('OddItems', [3, false, true])]
  let isMute = false
  const node = await startScriptedNode(
    altering(anvil.url, ({ method }, result) => {
      if (isMute && method === 'eth_getCode') throw new Fault(-32_000, 'not today')
      // The first eth_getCode is the check for Multicall3; only later ones fail.
      if (method === 'eth_getCode') isMute = true
      return result
    }),
  )
  const samples = [whole, items].map((contract) => ({ contract, numbers: [OWNED], usual: true }))
  expect(await naturesOf(samples, node.url)).toEqual([undefined, 'items'])
  await node.stop()
})
