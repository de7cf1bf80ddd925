import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DialectsConfig, dialectsField } from '../api/dialects/list.ts'
import { kindOf, NAMESPACES } from '../chains/registry.ts'
import { type Config, loadConfig, parseConfig } from './config.ts'
import type { KindOf } from './words.ts'

const parseAddress = (text: string): string | undefined =>
  /^0x[0-9a-f]{40}$/i.test(text) ? text.toLowerCase() : undefined
const evm: KindOf = (chain) => (chain.startsWith('eip155:') ? { parseAddress, parseToken: parseAddress } : undefined)
const all: KindOf = (chain) => evm(chain) ?? { parseAddress: (text) => text, parseToken: (text) => text }

const namespaces = NAMESPACES
const dialects = dialectsField({ kindOf, namespaces: NAMESPACES })

function parse(text: string, env: Record<string, string> = {}, kindOf: KindOf = evm): Config<DialectsConfig> {
  return parseConfig({ text, name: 'steelyard.yaml', folder: '/etc/steelyard', env, kindOf, namespaces, dialects })
}

const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const usdc = { chain: 'eip155:1', asset: { standard: 'erc20', reference: USDC.toLowerCase() } }

/** The whole documented file. */
const WHOLE = `
listen: { host: 127.0.0.1, port: 8080, trust_proxy: [10.0.0.0/8, "::1"] }
log: { level: debug }
store: sqlite:./data                          # a folder
chains:
  - id: eip155:1
    rpc: [http://127.0.0.1:8545, https://node.example/v3/SECRET]
    from: 12
    scope: { tokens: [${USDC}] }
    finality: { confirmations: 12 }
    poll_ms: 500
  - id: starknet:SN_MAIN
    rpc: [http://127.0.0.1:9545]
  - id: chia:mainnet
    rpc: [https://127.0.0.1:8555]
    tls: { cert: ./full_node.crt, key: ./full_node.key }
  - id: ledger:main
tokens:
  lists: [./tokens.json]
  accounting: { "eip155:1/erc20:${USDC}": reads }
prices:
  static: { "eip155:1/erc20:${USDC}": "1.0001" }
  http: { url: https://prices.example/KEY, interval_seconds: 30, timeout_ms: 2000, ids: { "eip155:1": ethereum } }
dialects:
  abc-labs:  { enabled: true, chain: ledger:main, keys: off, origins: [], strict_wallets: false, assets: [{ asset_id: UKGILT2030, name: Gilt, symbol: UKT, reissue: true }] }
  chainbase: { enabled: true, balance: hex, demo_key: false }
  cobo:      { enabled: true, anonymous: desk, chains: { MAIN: "eip155:1" }, tokens: { MAIN_USDC: "eip155:1/erc20:${USDC}" } }
  spacescan: { enabled: true, chain: chia:mainnet, testnet: chia:testnet11, extended: true, free_per_minute: 0 }
  tokenkit:  { enabled: true, chain: eip155:1, session_per_minute: { balance: 60 } }
`

const WHOLE_COBO = {
  enabled: true,
  anonymous: 'desk',
  chains: [['MAIN', 'eip155:1']],
  tokens: [['MAIN_USDC', usdc]],
}
const WHOLE_SPACESCAN = {
  enabled: true,
  chain: 'chia:mainnet',
  testnet: 'chia:testnet11',
  extended: true,
  freePerMinute: 0,
}

const DEFAULT_DIALECTS = {
  abcLabs: { enabled: true, chain: 'ledger:main', keys: false, origins: [], strictWallets: false, assets: [] },
  chainbase: { enabled: true, balance: 'hex', demoKey: false },
  cobo: { enabled: true, anonymous: undefined, chains: [], tokens: [] },
  spacescan: { enabled: true, chain: undefined, testnet: undefined, extended: false, freePerMinute: 600 },
  tokenkit: {
    enabled: true,
    chain: undefined,
    sessionPerMinute: { balance: 30, balances: 10, accountBalances: 10 },
  },
}

describe('a valid configuration', () => {
  test('nothing given: all defaults', () => {
    expect(parse('')).toEqual({
      listen: { host: '127.0.0.1', port: 8080, trustProxy: [] },
      log: { level: 'info' },
      store: 'sqlite:/etc/steelyard/data',
      chains: [],
      tokens: { lists: [], accounting: [] },
      prices: { static: [], http: undefined },
      dialects: DEFAULT_DIALECTS,
    })
  })

  test('the whole documented file', () => {
    const chain = {
      from: 0,
      scope: { type: 'all' },
      servePartial: false,
      finality: 'finalized',
      pollMs: undefined,
      followedMax: undefined,
      tls: undefined,
    }
    expect(parse(WHOLE, {}, all)).toEqual({
      listen: { host: '127.0.0.1', port: 8080, trustProxy: ['10.0.0.0/8', '::1'] },
      log: { level: 'debug' },
      store: 'sqlite:/etc/steelyard/data',
      chains: [
        {
          id: 'eip155:1',
          rpc: ['http://127.0.0.1:8545', 'https://node.example/v3/SECRET'],
          from: 12,
          scope: { type: 'tokens', tokens: [USDC.toLowerCase()] },
          finality: { confirmations: 12 },
          pollMs: 500,
          servePartial: false,
          followedMax: undefined,
          tls: undefined,
        },
        { ...chain, id: 'starknet:SN_MAIN', rpc: ['http://127.0.0.1:9545'], finality: 'l1_accepted' },
        {
          ...chain,
          id: 'chia:mainnet',
          rpc: ['https://127.0.0.1:8555'],
          scope: { type: 'accounts', accounts: [] },
          finality: { confirmations: 32 },
          followedMax: 10_000,
          tls: { cert: '/etc/steelyard/full_node.crt', key: '/etc/steelyard/full_node.key', ca: undefined },
        },
        { ...chain, id: 'ledger:main', rpc: [] },
      ],
      tokens: { lists: ['/etc/steelyard/tokens.json'], accounting: [[usdc, 'reads']] },
      prices: {
        static: [[usdc, { units: 10001n, places: 4, text: '1.0001' }]],
        http: {
          url: 'https://prices.example/KEY',
          intervalSeconds: 30,
          timeoutMs: 2_000,
          ids: [['eip155:1', 'ethereum']],
        },
      },
      dialects: {
        ...DEFAULT_DIALECTS,
        abcLabs: {
          ...DEFAULT_DIALECTS.abcLabs,
          assets: [{ assetId: 'UKGILT2030', name: 'Gilt', symbol: 'UKT', reissue: true }],
        },
        cobo: WHOLE_COBO,
        spacescan: WHOLE_SPACESCAN,
        tokenkit: {
          enabled: true,
          chain: 'eip155:1',
          sessionPerMinute: { balance: 60, balances: 10, accountBalances: 10 },
        },
      },
    })
  })

  test('it is deeply frozen', () => {
    const config = parse(WHOLE, {}, all)
    expect(Object.isFrozen(config) && Object.isFrozen(config.chains[0]?.rpc)).toBe(true)
  })

  test('reads a file, and starts its relative paths at its own folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steelyard-config-'))
    try {
      const file = join(folder, 'steelyard.yaml')
      writeFileSync(file, 'store: sqlite:balances\n')
      expect(loadConfig({ file, env: {}, kindOf: evm, namespaces, dialects }).store).toBe(
        `sqlite:${join(folder, 'balances')}`,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('files of other systems are read: a byte order mark, CRLF, JSON, anchors and merge keys', () => {
    expect(parse('\uFEFFlisten:\r\n  port: 9000\r\n').listen.port).toBe(9000)
    expect(parse('{"listen":{"port":9000}}').listen.port).toBe(9000)
    const text = `chains:
  - &base { id: "eip155:1", rpc: ["http://a"], from: 7, poll_ms: 100 }
  - { <<: *base, id: "eip155:10", from: 9 }`
    expect(parse(text).chains.map(({ id, from, pollMs }) => [id, from, pollMs])).toEqual([
      ['eip155:1', 7, 100],
      ['eip155:10', 9, 100],
    ])
  })

  test.each(['0.0.0.0', '::', '::1', 'localhost', 'a.example', 'fe80::1%lo', 'node-1', 'api.a_b.example'])(
    'listens on %s',
    (given) => {
      expect(parse(`listen: { host: "${given}" }`).listen.host).toBe(given)
    },
  )

  test('unquoted hex addresses and decimals keep every digit, and a scope is sorted', () => {
    const config = parse(
      `{ chains: [{ id: 'eip155:1', rpc: ['http://a'], scope: { accounts: [0x00000000000000000000000000000000000000Ff, 0x000000000000000000000000000000000000000A, 0x00000000000000000000000000000000000000fF] } }],
         prices: { static: { 'eip155:1/slip44:60': 3000.10 } } }`,
    )
    expect(config.chains[0]?.scope).toEqual({
      type: 'accounts',
      accounts: [`0x${'0'.repeat(38)}0a`, `0x${'0'.repeat(38)}ff`],
    })
    expect(config.prices.static[0]?.[1]).toEqual({ units: 300010n, places: 2, text: '3000.10' })
  })
})

describe('the environment', () => {
  const file = 'chains: [{ id: "eip155:1", rpc: ["http://a"] }]'
  test.each<[string, string, (config: Config<DialectsConfig>) => unknown, unknown]>([
    ['STEELYARD_LOAD_FOLDER', 'loads', (c) => c.loadFolder, '/etc/steelyard/loads'],
    ['STEELYARD_STORE', 'sqlite:/var/lib/steelyard', (c) => c.store, 'sqlite:/var/lib/steelyard'],
    ['STEELYARD_LISTEN', '{ host: "::1" }', (c) => c.listen.host, '::1'],
    ['STEELYARD_LISTEN_PORT', '9000', (c) => c.listen.port, 9000],
    ['STEELYARD_LISTEN_TRUST_PROXY', '[127.0.0.1]', (c) => c.listen.trustProxy, ['127.0.0.1']],
    ['STEELYARD_LISTEN_TRUST_PROXY_0', '127.0.0.1', (c) => c.listen.trustProxy, ['127.0.0.1']],
    ['STEELYARD_LOG_LEVEL', 'warn', (c) => c.log.level, 'warn'],
    ['STEELYARD_CHAINS_0_FROM', '77', (c) => c.chains[0]?.from, 77],
    ['STEELYARD_CHAINS_0_RPC_0', '"http://b"', (c) => c.chains[0]?.rpc, ['http://b']],
    ['STEELYARD_CHAINS_0_RPC_1', 'http://b/?x={1}', (c) => c.chains[0]?.rpc, ['http://a', 'http://b/?x={1}']],
    ['STEELYARD_CHAINS_0_POLL_MS', '250', (c) => c.chains[0]?.pollMs, 250],
    ['STEELYARD_CHAINS_0_SCOPE', `{ tokens: [${USDC}] }`, (c) => c.chains[0]?.scope.type, 'tokens'],
    ['STEELYARD_CHAINS_0_SCOPE_ACCOUNTS', `[${USDC}]`, (c) => c.chains[0]?.scope.type, 'accounts'],
    ['STEELYARD_CHAINS_0_SCOPE', '{ accounts: [] }', (c) => c.chains[0]?.scope, { type: 'accounts', accounts: [] }],
    ['STEELYARD_CHAINS_0_FINALITY_CONFIRMATIONS', '3', (c) => c.chains[0]?.finality, { confirmations: 3 }],
    ['STEELYARD_TOKENS_LISTS_0', 'a.json', (c) => c.tokens.lists, ['/etc/steelyard/a.json']],
    ['STEELYARD_PRICES_STATIC', `{ "eip155:1/erc20:${USDC}": 2 }`, (c) => c.prices.static[0]?.[1].text, '2'],
    ['STEELYARD_DIALECTS_CHAINBASE_DEMO_KEY', 'true', (c) => c.dialects.chainbase.demoKey, true],
    ['STEELYARD_DIALECTS_ABC_LABS_STRICT_WALLETS', 'on', (c) => c.dialects.abcLabs.strictWallets, true],
  ])('%s=%s', (name, value, pick, expected) => {
    expect(pick(parse(file, { [name]: value }))).toEqual(expected)
  })

  test('a part of a chain of another kind', () => {
    const chia = 'chains: [{ id: "chia:mainnet", rpc: ["http://a"] }]'
    const { chains } = parse(chia, { STEELYARD_CHAINS_0_TLS: '{ cert: a, key: b }' }, all)
    expect(chains[0]?.tls?.cert).toBe('/etc/steelyard/a')
  })

  test('a whole list and a part of it, in any order of the environment', () => {
    const env = { STEELYARD_CHAINS_0_FROM: '5', STEELYARD_CHAINS: '[{ id: "eip155:10", rpc: [http://b] }]' }
    expect(parse(file, env).chains.map(({ id, from }) => [id, from])).toEqual([['eip155:10', 5]])
  })

  test('variables of the command line and of container platforms are not keys', () => {
    const kubernetes = {
      STEELYARD_SERVICE_HOST: '10.0.0.1',
      STEELYARD_SERVICE_PORT_HTTP: '8080',
      STEELYARD_PORT: 'tcp://10.0.0.1:8080',
      STEELYARD_PORT_8080_TCP_ADDR: '10.0.0.1',
    }
    const env = { STEELYARD_DEBUG: '1', STEELYARD_CONFIG: 'x', STEELYARDS: '1', ...kubernetes }
    expect(parse('', env).listen.port).toBe(8080)
  })

  test.each<[string, string, (config: Config<DialectsConfig>) => unknown, unknown]>([
    ['STEELYARD_STORE', '', (c) => c.store, 'sqlite:/var/steelyard'],
    ['STEELYARD_LISTEN_PORT', '', (c) => c.listen.port, 9000],
    ['STEELYARD_LISTEN', ' ', (c) => c.listen.port, 9000],
    ['STEELYARD_CHAINS', '', (c) => c.chains.length, 1],
    ['STEELYARD_CHAINS_0_FROM', '\t', (c) => c.chains[0]?.from, 5],
    ['STEELYARD_CHAINS_0_RPC_0', '', (c) => c.chains[0]?.rpc, ['http://a']],
    ['STEELYARD_DIALECTS_CHAINBASE_DEMO_KEY', '', (c) => c.dialects.chainbase.demoKey, true],
    ['STEELYARD_TOKENS_LISTS', '', (c) => c.tokens.lists, ['/etc/steelyard/a.json']],
  ])('%s=%j counts as not set, with a notice', (name, value, pick, expected) => {
    const text = `store: sqlite:/var/steelyard
listen: { port: 9000 }
chains: [{ id: "eip155:1", rpc: ["http://a"], from: 5 }]
tokens: { lists: [a.json] }
dialects: { chainbase: { demo_key: true } }`
    const said: string[] = []
    const notice = (sentence: string): void => void said.push(sentence)
    const source = {
      text,
      name: 'steelyard.yaml',
      folder: '/etc/steelyard',
      env: { [name]: value },
      kindOf: evm,
      namespaces,
      dialects,
    }
    expect(pick(parseConfig({ ...source, notice }))).toEqual(expected)
    expect(said).toEqual([`${name} is empty and counts as not set.`])
  })
})
