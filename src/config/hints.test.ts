import { describe, expect, test } from 'vitest'
import { mistakes, USDC } from './mistakes.fixture.ts'

const chain = (keys: string): string => `chains: [{ id: "eip155:1", rpc: ["http://a"], ${keys} }]`

describe('the text of a mistake', () => {
  // The given text, and the end of the line: the suggestion.
  test.each<[string, string]>([
    [chain('finality: final'), '{ confirmations: 12 }; did you mean "finalized"?'],
    [chain('finality: Safe'), 'did you mean "safe"?'],
    [chain('finality: 32'), 'did you mean "{ confirmations: 32 }"?'],
    [chain('scope: al'), 'all, or { tokens: [0x…] }, or { accounts: [0x…] }; did you mean "all"?'],
    [chain('scope: ALL'), 'did you mean "all"?'],
    [chain('scope: { token: [] }'), 'known keys: tokens, accounts; did you mean "tokens"?'],
    [chain('pollMs: 500'), 'did you mean "poll_ms"?'],
    [chain('from: 1_000_000'), 'did you mean "1000000"?'],
    [chain('from: 1e6'), 'did you mean "1000000"?'],
    [chain('from: 010'), 'did you mean "10"?'],
    [chain('from: "12,000"'), 'did you mean "12000"?'],
    ['log: { level: warning }', 'did you mean "warn"?'],
    ['log: { level: INFO }', 'did you mean "info"?'],
    ['listen: { prot: 1 }', 'did you mean "port"?'],
    ['listen: { host: "[::1]" }', 'did you mean "::1"? The port is listen.port'],
    ['listen: { host: "localhost:8080" }', 'did you mean "localhost"? The port is listen.port'],
    ['listen: { host: "http://127.0.0.1:8080/" }', 'did you mean "127.0.0.1"? The port is listen.port'],
    ['listen: { host: "*" }', 'did you mean "0.0.0.0"?'],
    ['dialects: { chainbase: { balance: Hex } }', 'did you mean "hex"?'],
    ['dialects: { chainbase: { balance: dec } }', 'did you mean "decimal"?'],
    ['dialects: { abc-labs: { keys: yes } }', 'expected true or false (on or off); did you mean "true"?'],
    ['dialects: { abc-labs: { keys: 0 } }', 'did you mean "false"?'],
    ['dialects: { abc-labs: { keys: Off } }', 'did you mean "false"?'],
    ['dialects: { abc-labs: { keys: ture } }', 'did you mean "true"?'],
    ['dialects: { abclabs: {} }', 'did you mean "abc-labs"?'],
    ['dialects: { abc-labs: { strictWallets: true } }', 'did you mean "strict_wallets"?'],
    ['dialects: { abc-labs: { origins: ["https://a.example/"] } }', 'did you mean "https://a.example"?'],
    ['dialects: { abc-labs: { origins: [a.example] } }', 'did you mean "https://a.example"?'],
    ['store: ./data', 'did you mean "sqlite:./data"?'],
    ['store: sqlite://data', 'did you mean "sqlite:data"?'],
    ['store: "sqlite: data"', 'did you mean "sqlite:data"?'],
    ['chains: [{ id: 1, rpc: [http://a] }]', 'did you mean "eip155:1"?'],
    ['chains: [{ id: "EIP155:1", rpc: [http://a] }]', 'did you mean "eip155:1"?'],
    ['chains: [{ id: eip155-10, rpc: [http://a] }]', 'did you mean "eip155:10"?'],
    ['chains: [{ id: ledgr:main }]', 'did you mean "ledger:main"?'],
    [
      'chains: [{ id: "eip155:1", rpc: ["wss://a.example/KEY"] }]',
      'nodes need an HTTP URL: did you mean "https://a.example/…"?',
    ],
    ['chains: [{ id: "eip155:1", rpc: ["localhost:8545"] }]', 'did you mean "http://localhost:8545"?'],
    ['chains: [{ id: "eip155:1", rpc: [" http://a"] }]', 'did you mean "http://a"?'],
    [`tokens: { accounting: { "eip155:1/erc20:${USDC}": read } }`, 'did you mean "reads"?'],
  ])('%s: the line ends with %s', (text, end) => {
    expect(mistakes(text)).toEqual([
      expect.stringMatching(new RegExp(`${end.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)),
    ])
  })

  test.each<[string]>([
    ['dialects: { abc-labs: { keys: maybe } }'],
    ['dialects: { chainbase: { balance: octal } }'],
    ['log: { level: loud }'],
    [chain('finality: soon')],
    ['listen: { host: "a b" }'],
  ])('%s is not similar to anything: there is no suggestion', (text) => {
    expect(mistakes(text)).toEqual([expect.not.stringContaining('did you mean')])
  })

  test.each([
    '256.1.1.1',
    '127.1',
    '1.2.3',
    '-a.example',
    'a..b',
    'a b',
    '',
    '127.0.0.1/8',
    'ü.example',
    'a'.repeat(64),
  ])('listen.host cannot be %j', (given) => {
    expect(mistakes(`listen: { host: ${JSON.stringify(given)} }`)).toEqual([
      expect.stringContaining('expected an IP address or a host name'),
    ])
  })

  test.each([
    'http:/a',
    'http:a',
    'http:///a',
    'http:\\\\a',
    'http://a b/',
    'http://a/ b',
    'http://a\n',
    'http://a:0',
    'http://a:70000',
    'http://',
    'http://a,http://b',
    'https://<host>/v3',
    'file:///a',
    '//a',
    'http://a/#x',
  ])('a node cannot be %j', (url) => {
    const text = `chains: [{ id: "eip155:1", rpc: [${JSON.stringify(url)}] }]`
    expect(mistakes(text)).toEqual([expect.stringContaining('expected an http:// or https:// URL')])
  })

  test.each([
    'http://u:p%@a:8545/x?y={1}',
    'HTTPS://A.example',
    'http://[::1]:8545',
    'http://10.0.0.1',
    'http://node_1:80',
  ])('a node can be %s', (url) => {
    expect(mistakes(`chains: [{ id: "eip155:1", rpc: [${JSON.stringify(url)}] }]`)).toEqual([])
  })

  test('the same node twice confirms nothing', () => {
    expect(mistakes('chains: [{ id: "eip155:1", rpc: ["http://a/KEY", "http://b", "HTTP://a:80/KEY"] }]')).toEqual([
      'chains.0.rpc.2: got "http://a/…", expected each node only once: a node cannot confirm itself',
    ])
  })

  test('one asset in two spellings cannot have two classes or two prices', () => {
    const asset = (address: string): string => `"eip155:1/erc20:${address}"`
    const both = (a: string, b: string): string => `{ ${asset(USDC)}: ${a}, ${asset(USDC.toLowerCase())}: ${b} }`
    expect(
      mistakes(`tokens: { accounting: ${both('reads', 'events')} }\nprices: { static: ${both('1', '2')} }`),
    ).toEqual([
      expect.stringContaining('expected each key only once, in any spelling'),
      expect.stringContaining('expected each key only once, in any spelling'),
    ])
  })

  test('an id of the vendor has plain letters, and names one chain or asset', () => {
    const dialect = (text: string): readonly string[] => mistakes(`dialects: { cobo: { ${text} } }`)
    const unique = /expected one id for each: (A|B) names the same/
    expect(dialect('chains: { A: "eip155:1", B: "eip155:1" }')).toEqual([expect.stringMatching(unique)])
    expect(dialect(`tokens: { A: "eip155:1/erc20:${USDC}", B: "eip155:1/erc20:${USDC.toLowerCase()}" }`)).toEqual([
      expect.stringMatching(unique),
    ])
    for (const id of ['A,B', 'A B', '', 'é', 'x'.repeat(101)]) {
      expect(dialect(`chains: { "${id}": "eip155:1" }`)).toEqual([expect.stringContaining('an id such as ETH')])
    }
    expect(dialect('chains: { A: "eip155:01" }')).toEqual([expect.stringContaining('CAIP-2')])
    expect(dialect('anonymous: ""')).toEqual([expect.stringContaining('a principal')])
    expect(dialect('chains: { A: "eip155:1", B: "eip155:2" }, anonymous: desk')).toEqual([])
  })

  test('a served dialect may be switched off', () => {
    expect(mistakes('dialects: { abc-labs: { enabled: off }, chainbase: { enabled: false } }')).toEqual([])
  })

  test.each(['', '# nothing', 'chains:', 'chains: []', '---\n...'])('%j has no chain: nothing to serve', (text) => {
    expect(mistakes(text, {}, true)).toEqual([
      'chains: is missing, expected at least one chain, such as [{ id: "eip155:1", rpc: ["http://127.0.0.1:8545"] }]; "steelyard init" writes a configuration',
    ])
    expect(mistakes(text, { STEELYARD_CHAINS: '[{ id: ledger:main }]' }, true)).toEqual([])
  })

  test.each<[string, string]>([
    ['a:\n\tb: 1', 'not YAML: Tabs are not allowed as indentation at line 2, column 1'],
    ['---\na: 1\n---\nb: 2', 'not YAML: expected one document, but another begins at line 3, column 1'],
    ['store: *x', 'not YAML: Unresolved alias'],
    ['hello', 'the file: got "hello", expected a mapping'],
    ['!!set { listen }', 'the file: got a value of another type, expected a mapping'],
    ['__proto__: { listen: 1 }', '__proto__: no such key'],
  ])('%j', (text, message) => {
    expect(mistakes(text)).toEqual([expect.stringContaining(message)])
  })
})
