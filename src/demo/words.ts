import { DEMO_TOKEN_KEYS, DEMO_TOKENS } from './book.ts'
import type { DemoChain } from './chain.ts'
import { callData } from './contracts.ts'
import type { DemoGilt } from './gilt.ts'

/** The key of the vendor's own example, which the demo accepts for reading. */
export const DEMO_KEY = 'demo'

/** What of a demo is spoken about. */
export type DemoFacts = Pick<DemoChain, 'url' | 'chainId' | 'tokens' | 'trader' | 'greatest' | 'emptied'> & {
  /** Base URL of the running server, without a slash at its end. */
  readonly server: string
  readonly gilt: DemoGilt
}

/** A request to try: a command that works as it stands, and what to see in its answer. */
type Line = { readonly says: string; readonly command: string }

/** What the demo prints once everything answers. Text of several lines, the last one ended. */
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
    `A chain of real contracts runs at ${facts.url} (chain id ${facts.chainId}); Steelyard follows it and answers at ${facts.server}`,
    '',
    'Accounts:',
    ...accounts,
    'Contracts:',
    ...contracts,
    '',
    'Try these in another terminal. Balances are hex, as the vendor sends them; the header balance-as-of names the block.',
    '',
    ...lines,
    'An issuer minted, sold and in part redeemed a gilt on the ledger beside it. What its investor holds, as just answered:',
    `  curl -s '${facts.gilt.question}'`,
    `  ${facts.gilt.answer}`,
    '',
    `Words and shapes of every call: ${facts.server}/docs    Ctrl-C ends the demo and its chain.`,
    '',
  ].join('\n')
}

/** The requests of the demo, in the order in which they are shown. */
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
      says: 'What an account holds, of tokens with 0, 6, 18 and unknown decimals; it trades, so ask again:',
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
      says: 'An account that holds nothing any more: a zero that is known, not a gap:',
      command: get(tokensOf, { address: emptied }),
    },
    { says: 'Native balance, in wei:', command: get('/v1/account/balance', { address: trader }) },
    {
      says: 'Who holds most of a token:',
      command: get('/v1/token/top-holders', { contract_address: tokens.cents, limit: 5 }),
    },
    {
      says: 'What moved last; run it twice and watch it grow:',
      command: get('/v1/token/transfers', { contract_address: tokens.ether, limit: 3 }),
    },
    { says: 'How far the server is:', command: `curl -s ${server}/health` },
  ]
}

function search(query: Readonly<Record<string, string | number>>): string {
  return new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
}
