import { steelyard } from '../e2e/steelyard.ts'

/** The JSON of `steelyard verify --json`, as docs/verify.md describes it. */
export type Report = {
  readonly version: number
  readonly result: string
  readonly checked: number
  readonly equal: number
  readonly different: number
  readonly skipped: number
  readonly differences: readonly {
    readonly chain: string
    readonly subject: string
    readonly account: string | null
    readonly asset: string
    readonly item: string | null
    readonly block: { readonly number: number; readonly hash: string }
    readonly stored: string
    readonly chain_says: string
    readonly accounting: string
  }[]
  readonly chains: readonly {
    readonly chain: string
    readonly result: string
    readonly error?: string
    readonly blocks: readonly { readonly number: number; readonly hash: string; readonly checked: number }[]
    readonly balances: Counts
    readonly observations: Counts
    readonly supplies: Counts
  }[]
}
type Counts = {
  readonly checked: number
  readonly equal: number
  readonly different: number
  readonly skipped: Readonly<Record<string, number>>
}

/** Runs `steelyard verify --json` and parses its output. */
export async function verify(
  config: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly report: Report; readonly err: string }> {
  const { code, out, err } = await steelyard(['verify', '--config', config, '--json', ...args])
  const report: Report = JSON.parse(out)
  return { code, report, err }
}
