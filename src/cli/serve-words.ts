import { chainbaseChains } from '../api/dialects/chainbase/chains.ts'
import type { AppConfig } from '../app/app-config.ts'
import { referenceOf } from '../core/chain.ts'

/** The hints that the operator gets when the server is ready. */
export type ServeWords = {
  /** A path to try, with its query. */
  readonly path: string
  /** The header that `path` needs, as a word of a shell; undefined: none. */
  readonly header: string | undefined
  /** The command that creates a key and stores it in `$KEY`; undefined if no key is needed. */
  readonly key: string | undefined
}

/** An address that exists on every chain and never sends anything. */
const ANYONE = '0x000000000000000000000000000000000000dEaD'

/** A request to try, and the command that creates its key. `file`: the configuration as named on the command line. */
export function serveWords(config: AppConfig, file: string | undefined): ServeWords {
  const { abcLabs, chainbase } = config.dialects
  const command = `KEY=$(steelyard keys create --name me${file === undefined ? '' : ` --config ${shellWord(file)}`})`
  const made = { header: '"x-api-key: $KEY"', key: command }
  const none = { header: undefined, key: undefined }
  const [followed] = chainbaseChains(config.chains)
  if (chainbase.enabled && followed !== undefined) {
    const path = `/v1/account/balance?chain_id=${referenceOf(followed)}&address=${ANYONE}`
    return { path, ...(chainbase.demoKey ? { header: "'x-api-key: demo'", key: undefined } : made) }
  }
  const hasLedger = config.chains.some(({ id }) => id === abcLabs.chain)
  if (abcLabs.enabled && hasLedger) return { path: '/api/assets', ...(abcLabs.keys ? made : none) }
  return { path: '/health', ...none }
}

/** The hints as lines for a terminal. `url`: the server's base URL, without a trailing slash. */
export function serveLines(url: string, { path, header, key }: ServeWords): string {
  const lines = [
    '',
    `Steelyard listens at ${url}`,
    `  home page:    ${url}/`,
    `  every call:   ${url}/docs`,
    ...(key === undefined ? [] : [`  make a key:   ${key}`]),
    '  try:',
    `    curl -s ${header === undefined ? '' : `-H ${header} `}'${url}${path}'`,
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** Text quoted as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
