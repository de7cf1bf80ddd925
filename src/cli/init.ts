import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { parseAppConfig } from '../app/app-config.ts'
import { readTls } from '../app/read-tls.ts'
import type { IdentifiedNode } from '../chains/adapter.ts'
import { identifyNode, kindOf } from '../chains/registry.ts'
import { HTTP_URL, isHttpUrl } from '../config/words.ts'
import type { ChainId } from '../core/chain.ts'
import { parseChainId } from '../core/chain.ts'
import { isServiceError, ServiceError } from '../core/errors.ts'
import { nodeLabel } from '../core/url.ts'
import { configText, type NewChain } from './config-template.ts'
import { helpText } from './help-text.ts'
import { type Terminal, UsageError } from './outcome.ts'
import { parsePort } from './port.ts'

/** How long to wait for a node to report its chain, in milliseconds: a person waits at the terminal. */
const NODE_TIMEOUT_MS = 5_000
/** Readable by the owner only: node URLs may contain keys. */
const FILE_MODE = 0o600
const DEFAULT_FILE = 'steelyard.yaml'
const DEFAULT_NODE = 'http://127.0.0.1:8545'

type InitOptions = {
  readonly config: string
  readonly rpc: readonly string[]
  readonly chain?: ChainId
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly from: number
  readonly ledger: boolean
  readonly store: string
  readonly host: string
  readonly port: number
  readonly force: boolean
}

/** `steelyard init`: writes a first configuration from answers at the terminal or from options. */
export function addInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description('write a commented configuration; it asks for your node, or takes it from options')
    .option('-c, --config <file>', 'the file to write', DEFAULT_FILE)
    .option('--rpc <url>', 'URL of a node; may be repeated; init asks it for its chain', collectUrl, [])
    .option('--chain <id>', 'its chain, such as eip155:1 or starknet:SN_MAIN; needed if no node answers', parseChain)
    .option('--tls-cert <file>', 'client certificate for nodes that require one, as Chia nodes do')
    .option('--tls-key <file>', 'its key')
    .option('--tls-ca <file>', 'the authority that signed the certificates of the nodes, to verify them')
    .option('--from <block>', 'first block to index', parseBlock, 0)
    .option('--ledger', "with an issuer's ledger; without --rpc: only the ledger", false)
    .option('--store <url>', 'where to store everything', 'sqlite:./data')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', parsePort, 8080)
    .option('--force', 'overwrite an existing file', false)
    .addHelpText(
      'after',
      helpText(
        '\nExamples:\n  $ steelyard init\n  $ steelyard init --rpc http://127.0.0.1:8545\n' +
          '  $ steelyard init --rpc https://node.example/KEY --chain eip155:1\n  $ steelyard init --ledger\n' +
          '\nExit codes: 0 written, 1 a node failed or is on another chain, 2 wrong use, or\nthe file exists. Only exit code 0 writes the file.',
      ),
    )
    .action((options: InitOptions) => init(options, terminal))
}

async function init(options: InitOptions, terminal: Terminal): Promise<void> {
  const file = resolve(options.config)
  if (!options.force && existsSync(file)) throw new UsageError(`${file} exists; --force overwrites it`)
  const chain = await chooseChain(options, terminal)
  const { store, host, port, ledger } = options
  const text = configText({ listen: { host, port }, store, chain, ledger: ledger || chain === undefined })
  // Check the text before it is written, so that a wrong --store or --host leaves no file.
  parseAppConfig({ text, name: 'init', folder: dirname(file), env: {}, needsChains: true })
  write(file, { text, force: options.force })
  const option = file === resolve(DEFAULT_FILE) ? '' : ` --config ${options.config}`
  terminal.err(`Wrote ${file}. Next:\n`)
  for (const command of ['config check', 'keys create --name me', 'serve']) {
    terminal.err(`  steelyard ${command}${option}\n`)
  }
}

function write(file: string, { text, force }: { readonly text: string; readonly force: boolean }): void {
  try {
    writeFileSync(file, text, { mode: FILE_MODE, flag: force ? 'w' : 'wx' })
    if (force) chmodSync(file, FILE_MODE)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServiceError('SYSTEM_REFUSED', `cannot write ${file}: ${reason}`, { cause: error })
  }
}

/** The client certificate of the options: its files as absolute paths. */
function tlsOf({ tlsCert, tlsKey, tlsCa }: InitOptions): NewChain['tls'] {
  if (tlsCert === undefined && tlsKey === undefined && tlsCa === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) throw new UsageError('--tls-cert and --tls-key go together')
  return { cert: resolve(tlsCert), key: resolve(tlsKey), ca: tlsCa === undefined ? undefined : resolve(tlsCa) }
}

/** The chain from the options, else from answers at the terminal; undefined: only a ledger. */
async function chooseChain(options: InitOptions, terminal: Terminal): Promise<NewChain | undefined> {
  const { rpc, ledger, from } = options
  const tls = tlsOf(options)
  if (rpc.length > 0) return { id: await chainOf(options, terminal), rpc, from, tls }
  if (ledger) return undefined
  if (terminal.ask === undefined) {
    throw new UsageError("no terminal to ask on: give --rpc URL, or --ledger for an issuer's ledger alone")
  }
  return askForChain(options, { ask: terminal.ask, terminal })
}

/** The chain of all given nodes. For a node that does not answer, `--chain` decides. */
async function chainOf(options: InitOptions, terminal: Terminal): Promise<ChainId> {
  const { rpc, chain } = options
  let known = chain
  for (const url of rpc) {
    const said = await identify(url, tlsOf(options)).catch((error: unknown) => {
      if (!isServiceError(error)) throw error
      if (chain === undefined) throw withAdvice(error)
      terminal.err(`${error.message}. Using --chain ${chain}, which this node did not confirm.\n`)
      return undefined
    })
    if (said === undefined) continue
    terminal.err(`${nodeLabel(url)} is on ${said.chain}, at block ${said.head.toLocaleString('en-US')}.\n`)
    if (known !== undefined && said.chain !== known) {
      throw new ServiceError(
        'CHAIN_MISMATCH',
        `${nodeLabel(url)} is on ${said.chain}, not ${known}: nothing was written`,
      )
    }
    known = said.chain
  }
  if (known === undefined) throw new UsageError('no node reported its chain: give it with --chain')
  return known
}

function withAdvice(error: ServiceError): ServiceError {
  const advice = 'nothing was written; with --chain ID it is written anyway'
  return new ServiceError(error.code, `${error.message}: ${advice}`, { cause: error, fields: error.fields })
}

function identify(url: string, files: NewChain['tls']): Promise<IdentifiedNode> {
  const tls = readTls({ id: url, tls: files })
  return identifyNode({ url, tls, timeoutMs: NODE_TIMEOUT_MS, signal: AbortSignal.timeout(2 * NODE_TIMEOUT_MS) })
}

type Asking = { readonly ask: NonNullable<Terminal['ask']>; readonly terminal: Terminal }

/** Asks until a node answers. @throws UsageError the input ended */
async function askForChain(options: InitOptions, { ask, terminal }: Asking): Promise<NewChain | undefined> {
  const { chain, from } = options
  const tls = tlsOf(options)
  for (;;) {
    const typed = await answerTo(ask, `Your node's URL, or "ledger" for an issuer's ledger alone [${DEFAULT_NODE}]: `)
    if (typed.toLowerCase() === 'ledger') return undefined
    const url = typed === '' ? DEFAULT_NODE : typed
    if (!isHttpUrl(url)) {
      terminal.err(`That is not ${HTTP_URL}.\n`)
      continue
    }
    try {
      const said = await identify(url, tls)
      terminal.err(`It is on ${said.chain}, at block ${said.head.toLocaleString('en-US')}.\n`)
      if (chain === undefined || chain === said.chain)
        return { id: said.chain, rpc: [url], from: await askFrom(from, ask), tls }
      terminal.err(`--chain is ${chain}.\n`)
    } catch (error) {
      if (!isServiceError(error)) throw error
      terminal.err(`${error.message}. Start it, or give another one.\n`)
    }
  }
}

async function askFrom(otherwise: number, ask: Asking['ask']): Promise<number> {
  for (;;) {
    const typed = await answerTo(ask, `First block to index [${otherwise}]: `)
    if (typed === '') return otherwise
    const block = readBlock(typed)
    if (block !== undefined) return block
  }
}

async function answerTo(ask: Asking['ask'], question: string): Promise<string> {
  const typed = await ask(question)
  if (typed === undefined) throw new UsageError('the input ended: nothing was written')
  return typed.trim()
}

function readBlock(given: string): number | undefined {
  const block = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  return Number.isSafeInteger(block) ? block : undefined
}

function parseBlock(given: string): number {
  const block = readBlock(given)
  if (block === undefined) throw new InvalidArgumentError('expected a whole number, 0 or greater.')
  return block
}

function parseChain(given: string): ChainId {
  const chain = parseChainId(given)
  if (chain !== undefined && kindOf(chain)?.source === 'nodes') return chain
  throw new InvalidArgumentError('expected a chain with nodes, such as eip155:1, starknet:SN_MAIN or chia:mainnet.')
}

function collectUrl(given: string, before: readonly string[]): readonly string[] {
  if (isHttpUrl(given)) return [...before, given]
  throw new UsageError(`--rpc: got ${JSON.stringify(given)}, expected ${HTTP_URL}`)
}
