import { expect, test } from 'vitest'
import { parseAppConfig } from '../app/app-config.ts'
import { serveLines, serveWords } from './serve-words.ts'

const EVM = '{ id: "eip155:10", rpc: ["http://a"] }'
const LEDGER = '{ id: ledger:main }'
const wordsOf = (text: string, file?: string) =>
  serveWords(parseAppConfig({ text, name: 'test', folder: '/', env: {} }), file)

const BALANCE = '/v1/account/balance?chain_id=10&address=0x000000000000000000000000000000000000dEaD'
const WITH_KEY = { header: '"x-api-key: $KEY"', key: 'KEY=$(steelyard keys create --name me)' }
const WITHOUT = { header: undefined, key: undefined }

test.each<[string, ReturnType<typeof wordsOf>]>([
  [`chains: [${LEDGER}, ${EVM}]`, { path: BALANCE, ...WITH_KEY }],
  [
    `chains: [${EVM}]\ndialects: { chainbase: { demo_key: true } }`,
    { path: BALANCE, header: "'x-api-key: demo'", key: undefined },
  ],
  [`chains: [${LEDGER}]`, { path: '/api/assets', ...WITHOUT }],
  [`chains: [${LEDGER}]\ndialects: { abc-labs: { keys: on } }`, { path: '/api/assets', ...WITH_KEY }],
  [`chains: [${LEDGER}]\ndialects: { abc-labs: { enabled: off } }`, { path: '/health', ...WITHOUT }],
  [`chains: [${EVM}]\ndialects: { chainbase: { enabled: off } }`, { path: '/health', ...WITHOUT }],
])('%s', (text, words) => {
  expect(wordsOf(text)).toEqual(words)
})

test('a given file is named again, so that the line works as it is', () => {
  const of = (file: string) => wordsOf(`chains: [${EVM}]`, file).key
  expect(of('/etc/steelyard.yaml')).toBe('KEY=$(steelyard keys create --name me --config /etc/steelyard.yaml)')
  expect(of("it's here.yaml")).toBe("KEY=$(steelyard keys create --name me --config 'it'\\''s here.yaml')")
})

test('on a terminal', () => {
  expect(serveLines('http://127.0.0.1:8080', { path: '/api/assets', ...WITH_KEY })).toBe(`
Steelyard listens at http://127.0.0.1:8080
  home page:    http://127.0.0.1:8080/
  every call:   http://127.0.0.1:8080/docs
  make a key:   KEY=$(steelyard keys create --name me)
  try:
    curl -s -H "x-api-key: $KEY" 'http://127.0.0.1:8080/api/assets'

`)
})
