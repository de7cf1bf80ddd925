import { DEMO_TOKEN_KEYS, DEMO_TOKENS } from './book.ts'
import type { DemoChain } from './chain.ts'
import { type ChiaFacts, chiaWords } from './chia/words.ts'
import { callData } from './contracts.ts'
import { type CustodyFacts, custodyWords } from './custody.ts'
import type { DemoGilt } from './gilt.ts'
import { type StarknetFacts, starknetWords } from './starknet/words.ts'

/** The key of the vendor's own example. The demo accepts it for reading. */
export const DEMO_KEY = 'demo'

/** The facts that the demo prints. */
export type DemoFacts = Pick<DemoChain, 'url' | 'chainId' | 'tokens' | 'trader' | 'greatest' | 'emptied'> & {
  /** The base URL of the running server, without a trailing slash. */
  readonly server: string
  readonly starknet: StarknetFacts
  /** Undefined: this platform has no simulator. */
  readonly chia: ChiaFacts | undefined
  readonly gilt: DemoGilt
  readonly custody: CustodyFacts
}

/** A request to try: what its answer shows, and a command that works unchanged. */
type Line = { readonly says: string; readonly command: string }

/** The text that the demo prints once it is ready. Several lines, each with a line end. */
export function demoWords(facts: DemoFacts): string {
  const { trader, greatest, emptied, tokens } = facts
  const accounts = [
    `  ${trader}  trades every few seconds`,
    `  ${greatest}  holds 2^256-1 of one token`,
    `  ${emptied}  got a token and sent all of it away`,
  ]
  const contracts = DEMO_TOKEN_KEYS.map((token) => `  ${tokens[token]}  ${DEMO_TOKENS[token].says}`)
  const lines = demoLines(facts).map(({ says, command }) => `${says}\n  ${command}\n`)
  return [
    `A chain of real contracts is at ${facts.url} (chain id ${facts.chainId}).`,
    `Steelyard follows it and answers at ${facts.server}`,
    '',
    'Accounts:',
    ...accounts,
    'Contracts:',
    ...contracts,
    '',
    'Try these in another terminal. Balances are hex, as Chainbase sends them; the',
    'header balance-as-of names the block.',
    '',
    ...lines,
    ...starknetWords(facts.server, facts.starknet),
    '',
    ...chiaWords(facts.chia),
    '',
    'An issuer minted, sold and partly redeemed a gilt on a ledger. The investor',
    'holds, as just answered:',
    `  curl -s '${facts.gilt.question}'`,
    `  ${facts.gilt.answer}`,
    '',
    ...custodyWords(facts.server, facts.custody),
    '',
    `All calls: ${facts.server}/docs    Ctrl-C ends the demo and its chains.`,
    '',
  ].join('\n')
}

/** The demo's requests, in the order of display. */
export function demoLines(facts: DemoFacts): readonly Line[] {
  const { server, chainId, tokens, trader, greatest, emptied } = facts
  const get = (path: string, query: Readonly<Record<string, string | number>>, flags = '-s'): string =>
    `curl ${flags} -H 'x-api-key: ${DEMO_KEY}' '${server}${path}?${search({ chain_id: chainId, ...query })}'`
  const tokensOf = '/v1/account/tokens'
  const node = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_call',
    params: [{ to: tokens.greatest, data: callData('Erc20', 'balanceOf', [greatest]) }, 'latest'],
  })
  return [
    {
      says: 'What an account holds, of tokens with 0, 6, 18 and unknown decimals; ask again:',
      command: get(tokensOf, { address: trader }, '-si'),
    },
    {
      says: 'One token of one account: 2^256-1, to the last digit:',
      command: get(tokensOf, { address: greatest, contract_address: tokens.greatest }),
    },
    {
      says: 'The same balance from the chain itself:',
      command: `curl -s -H 'content-type: application/json' -d '${node}' ${facts.url}`,
    },
    {
      says: 'An account that holds nothing any more: its zero is known, not missing:',
      command: get(tokensOf, { address: emptied }),
    },
    { says: 'Native balance, in wei:', command: get('/v1/account/balance', { address: trader }) },
    {
      says: 'The largest holders of a token:',
      command: get('/v1/token/top-holders', { contract_address: tokens.cents, limit: 5 }),
    },
    {
      says: 'The last transfers; run it twice and watch the list grow:',
      command: get('/v1/token/transfers', { contract_address: tokens.ether, limit: 3 }),
    },
    { says: 'How far the server has indexed:', command: `curl -s ${server}/health` },
  ]
}

function search(query: Readonly<Record<string, string | number>>): string {
  return new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}
