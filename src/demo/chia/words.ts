import type { Answered } from '../answered.ts'
import type { ChiaDemo } from './demo-chain.ts'

/** The facts of the Chia chain that the demo prints. */
export type ChiaFacts = Pick<ChiaDemo, 'url' | 'network' | 'cats' | 'trader'> & {
  /** Spacescan's calls with their answers. */
  readonly answers: readonly Answered[]
}

/** What the demo prints about its Chia chain: lines without line ends, prose of at most 80 columns. */
export function chiaWords(facts: ChiaFacts | undefined): readonly string[] {
  if (facts === undefined) {
    return ['There is no Chia chain here: its simulator runs on 64-bit Linux (x64) only.']
  }
  const { url, network, cats, trader, answers } = facts
  return [
    `A third chain, chia:${network}, is at ${url}.`,
    "It is Chia's simulator: puzzles, coins and checks of spends are real, but blocks",
    'prove nothing. It makes blocks too; two of three have no transactions.',
    'Account:',
    `  ${trader}`,
    'CATs:',
    ...cats.map(({ tail, symbol }) => `  ${tail}  ${symbol}`),
    '',
    'Spacescan: the CATs of an account, and its XCH. As just answered:',
    ...answers.flatMap(({ command, answer }) => [`  ${command}`, `  ${answer}`]),
  ]
}

/** Makes Spacescan's calls of a running demo. @throws Error the server does not answer */
export async function askSpacescan(server: string, { trader }: Pick<ChiaDemo, 'trader'>): Promise<readonly Answered[]> {
  const paths = [`/address/token-balance/${trader}`, `/address/xch-balance/${trader}`]
  return Promise.all(
    paths.map(async (path) => {
      const answer = await (await fetch(server + path)).text()
      return { command: `curl -s '${server}${path}'`, answer }
    }),
  )
}
