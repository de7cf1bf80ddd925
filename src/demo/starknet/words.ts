import type { Answered } from '../answered.ts'
import type { StarknetDemo, StarknetDemoToken } from './demo-chain.ts'
import { padded } from './felt.ts'

/** The facts of the simulated chain that the demo prints. */
export type StarknetFacts = Pick<StarknetDemo, 'url' | 'chainId' | 'tokens' | 'trader' | 'holder'> & {
  /** TokenKit's three balance calls with their answers. */
  readonly balances: readonly Answered[]
  /** The user of the demo. */
  readonly login: { readonly username: string; readonly password: string }
}

/** The contracts in the order of display. */
const SAYS: readonly (readonly [StarknetDemoToken, string])[] = [
  ['strk', 'STRK, which pays the fees; an upgrade changed its events'],
  ['eth', 'ETH, with names as short strings'],
  ['dollar', 'ERC-20 with 18 decimals'],
  ['old', 'ERC-20 with the events and names of Cairo 0'],
  ['deeds', 'ERC-721'],
  ['positions', "ERC-721 whose events have the form of an ERC-20's"],
  ['goods', 'ERC-1155'],
]

/**
 * What the demo prints about its Starknet chain: lines without line ends, prose of at most 80 columns. `server`: the URL
 * of Steelyard.
 */
export function starknetWords(server: string, facts: StarknetFacts): readonly string[] {
  const { url, chainId, tokens, trader, holder, balances, login } = facts
  const json = "-H 'content-type: application/json'"
  return [
    `A second chain, starknet:${chainId}, is at ${url}.`,
    'This Starknet chain is SIMULATED, by a node inside this process: its contracts',
    'are a model, not Cairo, and its blocks prove nothing. It makes blocks too.',
    'Accounts:',
    `  ${padded(trader)}`,
    `  ${padded(holder)}`,
    'Contracts:',
    ...SAYS.flatMap(([token, says]) => [`  ${padded(tokens[token])}`, `      ${says}`]),
    '',
    'TokenKit: one balance, several, and all of an account. As just answered:',
    ...balances.flatMap(({ command, answer }) => [`  ${command}`, `  ${answer}`]),
    '',
    'Log in as the demo user; the token goes into "authorization: Bearer ...":',
    `  curl -s ${json} -d '${JSON.stringify(login)}' '${server}/api/users/auth/login/'`,
  ]
}
