/**
 * Runs `steelyard verify` against odd tokens with their accounting fixed to `events`, so that their stored balances are
 * wrong and stay wrong. It must find all of them, and nothing else.
 */
import type { Address } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callData } from '../../src/demo/contracts.ts'
import { type Serving, serve, startSteelyard, steelyard } from '../e2e/steelyard.ts'
import { blockNumber, DEPLOYER, mine } from '../nodes/anvil.ts'
import { inFrontOf, startScriptedNode } from '../nodes/scripted-node.ts'
import {
  ALICE,
  addressOf,
  BOB,
  CAROL,
  FIRST_PHANTOM,
  moveAll,
  type OddChain,
  type OddToken,
  startOddChain,
} from './tokens.ts'
import { type Report, verify } from './verify.ts'

const PHANTOMS = 300
const CHAIN = 'eip155:31337'

let chain: OddChain
let server: Serving
beforeAll(async () => {
  chain = await startOddChain()
  await moveAll(chain, PHANTOMS)
  const odd: readonly OddToken[] = ['rebasing', 'fee', 'silent', 'wrapped', 'phantom', 'reverting', 'twoFaced']
  const fixed = odd.flatMap((token) => [assetOf(token), assetOf(token, 'erc721')])
  server = await serve({
    chains: [{ id: CHAIN, rpc: [chain.anvil.url], poll_ms: 50 }],
    tokens: { accounting: Object.fromEntries(fixed.map((asset) => [asset, 'events'])) },
  })
  await caughtUp()
  await reopened()
}, 120_000)
afterAll(async () => {
  await server.stop()
  await chain.anvil.stop()
})

function assetOf(token: OddToken, standard = 'erc20'): string {
  return `${CHAIN}/${standard}:${chain.tokens[token]}`
}

async function caughtUp(): Promise<void> {
  const head = await blockNumber(chain.anvil)
  await server.healthy((health) => health.state === 'live' && health.checkpoint?.number === head)
}

/** Waits until the first comparison of the chain is over, and until two sums below zero were read again. */
async function reopened(): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const { report } = await verify(server.config)
    const skipped = report.chains[0]?.balances.skipped
    if (skipped?.opening_unknown === undefined && skipped?.in_doubt === undefined) return
    if (Date.now() > deadline) throw new Error(`not within a minute: ${JSON.stringify(report.chains)}`)
  }
}

async function balanceOf(token: Address, account: string, hash: string): Promise<string> {
  const call = { to: token, data: callData('Erc20', 'balanceOf', [account]) }
  return BigInt(String(await chain.anvil.rpc('eth_call', [call, { blockHash: hash }]))).toString()
}

type Found = readonly [subject: string, asset: string, account: string | null, stored: string, chainSays: string]

function found({ differences }: Report): Found[] {
  return differences
    .map((one): Found => [one.subject, one.asset, one.account, one.stored, one.chain_says])
    .sort((a, b) => (a.join() < b.join() ? -1 : 1))
}

function expected(): Found[] {
  const phantoms = Array.from({ length: PHANTOMS }, (_, n) => addressOf(FIRST_PHANTOM + BigInt(n)))
  const all: Found[] = [
    ['balance', assetOf('rebasing'), ALICE, '1000', '1100'],
    ['balance', assetOf('rebasing'), BOB, '500', '550'],
    ['supply', assetOf('rebasing'), null, '1500', '1650'],
    ['balance', assetOf('fee'), ALICE, '1000', '990'],
    ['supply', assetOf('silent'), null, '7', '12'],
    // Its balanceOf counts units, for both of its assets.
    ['balance', assetOf('twoFaced', 'erc721'), ALICE, '1', '5'],
    ['supply', assetOf('twoFaced', 'erc721'), null, '1', '5'],
    ['supply', assetOf('phantom'), null, String(10 * PHANTOMS), `1${'0'.repeat(27)}`],
    ...phantoms.map((account): Found => ['balance', assetOf('phantom'), account, '10', '0']),
  ]
  return all.sort((a, b) => (a.join() < b.join() ? -1 : 1))
}

describe('with the accounting of the odd tokens fixed to events', () => {
  test('verify finds every difference, and no other', async () => {
    const { code, report } = await verify(server.config)
    expect(found(report)).toEqual(expected())
    expect(code).toBe(1)
    const head = await blockNumber(chain.anvil)
    const [only] = report.chains
    expect(only).toMatchObject({ chain: CHAIN, result: 'different', blocks: [{ number: head }] })
    expect(report.result).toBe('different')
    expect(report.checked).toBe(report.equal + report.different)
    expect(report.different).toBe(report.differences.length)
    expect(only?.balances.skipped).toEqual({ token_does_not_answer: 1 })
    for (const one of report.differences.slice(0, 20)) {
      if (one.subject !== 'balance') continue
      const token = one.asset.split(':')[2] as Address
      expect(await balanceOf(token, one.account ?? '', one.block.hash)).toBe(one.chain_says)
    }
  })

  test('the continuous sample of the server finds differences too, and reports them', async () => {
    const { verify: sampled } = await server.healthy(({ verify: sample }) => (sample?.different ?? 0) > 0)
    expect(sampled?.checked).toBe((sampled?.equal ?? 0) + (sampled?.different ?? 0))
    const metrics = await (await server.get('/metrics')).text()
    expect(metrics).toMatch(/^steelyard_verify_samples_total\{chain="eip155:31337",outcome="different"\} [1-9]/m)
  })

  test('the text output has one line for each difference', async () => {
    const { code, out, err } = await steelyard(['verify', '--config', server.config, '--token', assetOf('fee')])
    const lines = out.split('\n')
    expect(lines[0]).toMatch(
      new RegExp(
        `^DIFFERENT balance  account ${ALICE}  ${assetOf('fee')}  block \\d+ 0x[0-9a-f]{64}  stored 1000  chain 990  \\(events\\)$`,
      ),
    )
    expect(lines.at(-2)).toBe("1 of 3 compared amounts differ from the chain's.")
    expect([code, err]).toEqual([1, ''])
  })

  test('a balance that no event names is found if account and token are given', async () => {
    const args = ['--account', CAROL, '--token', chain.tokens.silent, '--token', chain.tokens.fee]
    const { code, report } = await verify(server.config, ...args)
    expect(code).toBe(1)
    expect(found(report)).toEqual(
      [
        ['balance', assetOf('fee'), CAROL, '0', '10'],
        ['balance', assetOf('silent'), CAROL, '0', '5'],
      ].sort((a, b) => (a.join() < b.join() ? -1 : 1)),
    )
  })

  test('ordinary tokens, odd metadata, items and goods are exact, to the last item', async () => {
    const names = ['plain', 'bytes32', 'hostile', 'decimals255', 'upgradeable', 'items', 'goods'] as const
    const args = names.flatMap((token) => ['--token', chain.tokens[token]])
    const { code, report } = await verify(server.config, ...args)
    expect([code, report.result, report.different]).toEqual([0, 'equal', 0])
    // ERC-20: alice of five, bob and the deployer of plain. ERC-721: three holders and the six whose items went or
    // stayed. ERC-1155: three holders' sums and their items.
    expect(report.chains[0]?.balances).toMatchObject({ checked: 7 + 3 + 6 + 3 + 6, skipped: {} })
    expect(report.chains[0]?.supplies).toMatchObject({ checked: 5, skipped: { token_does_not_answer: 1 } })
  })

  test('accounts, samples and observations', async () => {
    const one = await verify(server.config, '--account', BOB.toUpperCase().replace('0X', '0x'))
    expect(found(one.report)).toEqual([['balance', assetOf('rebasing'), BOB, '500', '550']])
    const sample = await verify(server.config, '--sample', '25')
    // If the sample includes the only holder of the reverting token, that balance cannot be compared.
    const unanswered = sample.report.chains[0]?.balances.skipped.token_does_not_answer ?? 0
    expect(sample.report.checked + unanswered).toBe(25)
    expect(unanswered).toBeLessThanOrEqual(1)
    const query = `chain_id=31337&address=${DEPLOYER}`
    expect((await server.get(`/v1/account/balance?${query}`)).status).toBe(200)
    const native = await verify(server.config, '--token', `${CHAIN}/slip44:60`)
    expect([native.code, native.report.chains[0]?.observations]).toEqual([
      0,
      { checked: 1, equal: 1, different: 0, skipped: {} },
    ])
  })
})

test.each([
  { args: ['--token', 'nonsense'], says: '--token: got "nonsense"' },
  { args: ['--account', '0x12'], says: '--account: got "0x12"' },
  { args: ['--chain', 'eip155:5'], says: '--chain: got "eip155:5"' },
  { args: ['--sample', '0'], says: '--sample: got "0"' },
  { args: ['--nothing'], says: 'unknown option' },
])('wrong use exits with code 2 and a reason: $args', async ({ args, says }) => {
  const { code, out, err } = await steelyard(['verify', '--config', server.config, ...args])
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(says)
})

test('Ctrl-C stops it cleanly: it reports what it compared, and the exit code shows that it is incomplete', async () => {
  const slow = await startScriptedNode(
    inFrontOf(chain.anvil.url, ({ text }) => (text.includes('eth_call') ? 'hang' : undefined)),
  )
  try {
    const run = startSteelyard(['verify', '--config', server.config, '--json', '--rpc', slow.url])
    while (!slow.arrived.some(({ text }) => text.includes('eth_call')))
      await new Promise((done) => setTimeout(done, 20))
    process.kill(run.pid, 'SIGINT')
    const { code, out } = await run.ended
    const report: Report = JSON.parse(out)
    expect([code, report.result, report.checked]).toEqual([130, 'stopped', 0])
  } finally {
    await slow.stop()
  }
})

test('after a reorg the store and the node agree again, at a block of the new branch', async () => {
  await mine(chain.anvil, 2)
  await caughtUp()
  await chain.anvil.rpc('anvil_reorg', [3, []])
  await mine(chain.anvil, 1)
  const { code, report } = await verify(server.config, '--token', chain.tokens.plain)
  expect([code, report.result]).toEqual([0, 'equal'])
})
