import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { NAMESPACES } from '../chains/registry.ts'
import { loadConfig } from './config.ts'
import { dialects, kindOf, mistakes, USDC } from './mistakes.fixture.ts'

const chain = (keys: string): string => `chains: [{ id: "eip155:1", rpc: ["http://a"], ${keys} }]`

describe('an invalid configuration', () => {
  test.each<[string, string, string]>([
    [
      'an unknown key',
      'lisen: 1',
      'lisen: no such key; known keys: listen, log, store, load_folder, chains, tokens, prices, dialects; did you mean "listen"?',
    ],
    [
      'no mapping',
      '- a',
      'the file: got a list of 1, expected a mapping with listen, log, store, load_folder, chains, tokens, prices, dialects',
    ],
    ['broken YAML', 'a: [', 'steelyard.yaml: not YAML: '],
    ['a key twice', 'store: a\nstore: b', 'steelyard.yaml: not YAML: Map keys must be unique'],
    [
      'a port out of range',
      'listen: { port: 65536 }',
      'listen.port: got "65536", expected a whole number from 0 to 65535',
    ],
    [
      'a port that is not a number',
      'listen: { port: http }',
      'listen.port: got "http", expected a whole number from 0 to 65535',
    ],
    ['a port in hex', 'listen: { port: 0x10 }', 'listen.port: got "0x10", expected a whole number from 0 to 65535'],
    ['a host list', 'listen: { host: [a] }', 'listen.host: got a list of 1, expected an IP address or a host name'],
    [
      'a proxy by name',
      'listen: { trust_proxy: [lb] }',
      'listen.trust_proxy.0: got "lb", expected an IP address or a CIDR range',
    ],
    [
      'an unknown level',
      'log: { level: loud }',
      'log.level: got "loud", expected silent or fatal or error or warn or info or debug or trace',
    ],
    ['an unknown store', 'store: mysql:./x', 'store: got "mysql:.…", expected sqlite:<folder> or postgres://'],
    [
      'a URL of PostgreSQL that is none',
      'store: "postgres://me:pass@db:x/y"',
      'expected sqlite:<folder> or postgres://role:password@host/database',
    ],
    ['chains as a mapping', 'chains: { a: 1 }', 'chains: got a mapping, expected a list of chains, each with an id'],
    [
      'a chain without id',
      'chains: [{ rpc: [http://a] }]',
      'chains.0.id: is missing, expected a CAIP-2 chain id such as eip155:1',
    ],
    ['a bare chain number', 'chains: [{ id: 1, rpc: [http://a] }]', 'chains.0.id: got "1", expected a CAIP-2 chain id'],
    [
      'a padded chain number',
      'chains: [{ id: "eip155:01", rpc: [http://a] }]',
      'chains.0.id: got "eip155:01", expected a CAIP-2',
    ],
    [
      'an unknown namespace',
      'chains: [{ id: "solana:x", rpc: [http://a] }]',
      'chains.0.id: got "solana:x", expected a CAIP-2',
    ],
    ['Chia', 'chains: [{ id: chia:mainnet, rpc: [http://a] }]', 'chia is not supported yet'],
    [
      'a node of a ledger',
      'chains: [{ id: ledger:main, rpc: ["http://a/KEY"] }]',
      'chains.0.rpc: got a list of 1, expected nothing: ledger:main is written here and has no nodes',
    ],
    [
      'a first block of a ledger',
      'chains: [{ id: ledger:main, from: 7 }]',
      'chains.0.from: got "7", expected nothing: ledger:main is written here and has no nodes',
    ],
    [
      'two ledgers',
      'chains: [{ id: ledger:main }, { id: ledger:other }]',
      'chains.1.id: got "ledger:other", expected only one ledger: a store holds one record',
    ],
    ['no node', 'chains: [{ id: "eip155:1" }]', 'chains.0.rpc: is missing, expected a list of 1 to 16 node URLs'],
    [
      'an empty list of nodes',
      'chains: [{ id: "eip155:1", rpc: [] }]',
      'chains.0.rpc: is missing, expected a list of 1 to 16',
    ],
    [
      'nodes that are not a list',
      'chains: [{ id: "eip155:1", rpc: "http://u:p@a/k" }]',
      'chains.0.rpc: got "http://a/…", expected a list of node URLs',
    ],
    [
      'a node without scheme',
      'chains: [{ id: "eip155:1", rpc: ["a.example/v3/KEY"] }]',
      'chains.0.rpc.0: got "a.example…", expected an http://',
    ],
    [
      'a websocket',
      'chains: [{ id: "eip155:1", rpc: ["wss://a/KEY"] }]',
      'chains.0.rpc.0: got "wss://a/…", expected an http:// or https:// URL',
    ],
    ['a negative start', chain('from: -1'), 'chains.0.from: got "-1", expected a whole number from 0'],
    ['a start with exponent', chain('from: 1e6'), 'chains.0.from: got "1e6", expected a whole number from 0'],
    ['an unknown scope', chain('scope: some'), 'chains.0.scope: got "some", expected all'],
    [
      'two scopes',
      chain(`scope: { tokens: [${USDC}], accounts: [${USDC}] }`),
      'chains.0.scope: got a mapping, expected all, or { tokens: [0x…] }, or { accounts: [0x…] }: one of them',
    ],
    ['an empty scope', chain('scope: {}'), 'chains.0.scope: got a mapping, expected all'],
    [
      'a scope without tokens',
      chain('scope: { tokens: [] }'),
      'chains.0.scope.tokens: got a list of 0, expected a list of 1 to 10000 addresses',
    ],
    [
      'a limit of followed accounts without such a scope',
      chain('followed_max: 5'),
      'chains.0.followed_max: got "5", expected nothing: only the scope { accounts: [...] } follows accounts',
    ],
    [
      'a limit of followed accounts below their number',
      chain(`scope: { accounts: [${USDC}, 0x0000000000000000000000000000000000000001] }, followed_max: 1`),
      'chains.0.followed_max: got "1", expected at least 2, the number of accounts in the scope',
    ],
    [
      'a limit of followed accounts of 0',
      chain('scope: { accounts: [] }, followed_max: 0'),
      'chains.0.followed_max: got "0", expected a whole number from 1 to 100000',
    ],
    [
      'a bad address',
      chain('scope: { tokens: [0x12] }'),
      'chains.0.scope.tokens.0: got "0x12", expected an address of this chain',
    ],
    [
      'an unknown finality',
      chain('finality: soon'),
      'chains.0.finality: got "soon", expected finalized or safe or { confirmations: 12 }',
    ],
    [
      'bad confirmations',
      chain('finality: { confirmations: 1.5 }'),
      'chains.0.finality.confirmations: got "1.5", expected a whole number',
    ],
    [
      'a poll that is too fast',
      chain('poll_ms: 1'),
      'chains.0.poll_ms: got "1", expected a whole number from 50 to 600000',
    ],
    ['half a certificate', chain('tls: { cert: a }'), 'chains.0.tls.key: is missing, expected a path'],
    [
      'a certificate without a use',
      chain('tls: { cert: a, key: b }'),
      'chains.0.tls: got a mapping, expected nothing: nodes of eip155 need no certificate',
    ],
    [
      'a chain twice',
      'chains: [{ id: "eip155:1", rpc: [http://a] }, { id: "eip155:1", rpc: [http://b] }]',
      'chains.1.id: got "eip155:1", expected each chain only once',
    ],
    ['an unknown class', `tokens: { accounting: { "eip155:1/erc20:${USDC}": maybe } }`, 'expected events or reads'],
    [
      'a class of an invalid asset',
      'tokens: { accounting: { usdc: reads } }',
      'tokens.accounting.usdc: got "usdc", expected a CAIP-19 asset',
    ],
    [
      'a price below zero',
      `prices: { static: { "eip155:1/erc20:${USDC}": -1 } }`,
      'expected a decimal number, 0 or greater',
    ],
    [
      'a price with exponent',
      `prices: { static: { "eip155:1/erc20:${USDC}": 1e3 } }`,
      'expected a decimal number, 0 or greater',
    ],
    [
      'an unknown dialect',
      'dialects: { moralis: {} }',
      'dialects.moralis: no such key; known keys: abc-labs, chainbase',
    ],
    [
      'an invalid flag',
      'dialects: { chainbase: { demo_key: maybe } }',
      'dialects.chainbase.demo_key: got "maybe", expected true or false',
    ],
    [
      'an invalid form',
      'dialects: { chainbase: { balance: octal } }',
      'dialects.chainbase.balance: got "octal", expected hex or decimal',
    ],
    [
      'an origin with a path',
      'dialects: { abc-labs: { origins: ["https://a.example/x"] } }',
      'dialects.abc-labs.origins.0: got "https://a.example/…", expected an origin',
    ],
    [
      'a ledger that is another kind of chain',
      'dialects: { abc-labs: { chain: "eip155:1" } }',
      'dialects.abc-labs.chain: got "eip155:1", expected a ledger such as ledger:main',
    ],
    ...['chia:mainnet', 'ledger:main'].map((id): [string, string, string] => [
      `a chain without 0x addresses behind TokenKit: ${id}`,
      `dialects: { tokenkit: { chain: "${id}" } }`,
      `dialects.tokenkit.chain: got "${id}", expected a chain with 0x addresses such as starknet:SN_MAIN or eip155:1`,
    ]),
    ...['chain', 'testnet'].map((key): [string, string, string] => [
      `another kind of chain behind Spacescan: ${key}`,
      `dialects: { spacescan: { ${key}: "eip155:1" } }`,
      `dialects.spacescan.${key}: got "eip155:1", expected a Chia chain such as chia:mainnet`,
    ]),
    [
      'an issued asset twice',
      'dialects: { abc-labs: { assets: [{ asset_id: A }, { asset_id: A }] } }',
      'dialects.abc-labs.assets: got "A", expected each asset_id only once',
    ],
  ])('%s', (_, text, message) => {
    expect(mistakes(text)).toEqual([expect.stringContaining(message)])
  })

  test('all mistakes are reported at once', () => {
    expect(mistakes('listen: { port: x, hots: 1 }\nstore: 1\nchains: [{ id: 1, from: -1 }]')).toEqual([
      expect.stringMatching(/^listen\.hots: /),
      expect.stringMatching(/^listen\.port: /),
      expect.stringMatching(/^store: /),
      expect.stringMatching(/^chains\.0\.id: /),
      expect.stringMatching(/^chains\.0\.from: /),
    ])
  })

  test('a missing file', () => {
    expect(() =>
      loadConfig({ file: '/nowhere/steelyard.yaml', env: {}, kindOf, namespaces: NAMESPACES, dialects }),
    ).toThrow('--config: got "/nowhere/steelyard.yaml", expected a file that can be read (ENOENT)')
  })

  test('a folder, and a file that is not UTF-8', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steelyard-problems-'))
    try {
      const file = join(folder, 'utf16.yaml')
      writeFileSync(file, Buffer.from('\uFEFFstore: sqlite:./data\n', 'utf16le'))
      expect(() => loadConfig({ file, env: {}, kindOf, namespaces: NAMESPACES, dialects })).toThrow(
        'expected a file of UTF-8 text',
      )
      expect(() => loadConfig({ file: folder, env: {}, kindOf, namespaces: NAMESPACES, dialects })).toThrow(
        'expected a file, not a folder (EISDIR)',
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('an invalid environment', () => {
  const file = 'chains: [{ id: "eip155:1", rpc: ["http://a"] }]'
  test.each([
    [
      'STEELYARD_LISTEN_PROT',
      '1',
      'STEELYARD_LISTEN_PROT: no such variable: its name is not a key of the configuration',
    ],
    ['STEELYARD_LISTN_PORT', '1', 'not a key of the configuration; did you mean "STEELYARD_LISTEN_PORT"?'],
    ['STEELYARD_PORT', '9000', 'not a key of the configuration; did you mean "STEELYARD_LISTEN_PORT"?'],
    ['STEELYARD_LOGLEVEL', 'info', 'did you mean "STEELYARD_LOG_LEVEL"?'],
    ['STEELYARD_CHAIN_0_RPC_2', 'http://a', 'did you mean "STEELYARD_CHAINS_0_RPC_2"?'],
    ['STEELYARD_CHAINS_1_FORM', '1', 'did you mean "STEELYARD_CHAINS_1_FROM"?'],
    ['STEELYARD_DIALECTS_ABC_LABS_STRICTWALLETS', 'on', 'did you mean "STEELYARD_DIALECTS_ABC_LABS_STRICT_WALLETS"?'],
    ['STEELYARD_', '1', 'STEELYARD_: no such variable: its name is not a key of the configuration'],
    [
      'STEELYARD_CHAINS_2_FROM',
      '1',
      'STEELYARD_CHAINS_2_FROM: got "1", expected an existing entry, or the next one of its list',
    ],
    ['STEELYARD_LISTEN', '{ host: ', 'STEELYARD_LISTEN: got "{ host: ", expected a YAML value ('],
    [
      'STEELYARD_LISTEN_PORT',
      'x',
      'listen.port (from STEELYARD_LISTEN_PORT): got "x", expected a whole number from 0 to 65535',
    ],
    [
      'STEELYARD_CHAINS_0_RPC_0',
      'ws://user:pass@node.example/v3/SECRET',
      'chains.0.rpc.0 (from STEELYARD_CHAINS_0_RPC_0): got "ws://node.example/…", expected an http:// or https:// URL',
    ],
  ])('%s=%s is a mistake', (name, value, message) => {
    expect(mistakes(file, { [name]: value })).toEqual([expect.stringContaining(message)])
  })
})
