import { expect, test } from 'vitest'
import { demoLines, demoWords } from './words.ts'

const address = (digit: string) => `0x${digit.repeat(40)}` as const
const FACTS = {
  server: 'http://127.0.0.1:8080',
  starknet: {
    url: 'http://127.0.0.1:9545',
    chainId: 'SN_DEMO',
    tokens: { strk: '0x1', eth: '0x2', dollar: '0x3', old: '0x4', deeds: '0x5', positions: '0x6', goods: '0x7' },
    trader: '0xa',
    holder: '0xb',
    balances: [{ command: 'curl -s balance', answer: '{"success":true}' }],
    login: { username: 'demo', password: 'demo password' },
  },
  chia: {
    url: 'http://127.0.0.1:8555',
    network: 'simulator0',
    cats: [{ tail: 'c'.repeat(64), name: 'Demo Bucks', symbol: 'DBX' }],
    trader: 'xch1trader',
    answers: [{ command: 'curl -s token-balance', answer: '{"status":"success"}' }],
  },
  url: 'http://127.0.0.1:8545',
  chainId: 31337,
  tokens: {
    whole: address('1'),
    cents: address('2'),
    ether: address('3'),
    unmarked: address('4'),
    greatest: address('5'),
    deeds: address('6'),
    goods: address('7'),
  },
  trader: address('a'),
  greatest: address('b'),
  emptied: address('c'),
  gilt: { question: 'http://127.0.0.1:8080/api/tokens/balance?wallet_address=w', answer: '{"balance":100}' },
  custody: {
    wallet: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
    addresses: [{ chain: 'EVM_31337', address: 'treasury' }],
    seed: { command: 'curl -s wallet-balances', answer: '{"result":[]}' },
  },
}

test('the first line to try is the account call with the demo key', () => {
  expect(demoLines(FACTS)[0]?.command).toBe(
    `curl -si -H 'x-api-key: demo' 'http://127.0.0.1:8080/v1/account/tokens?chain_id=31337&address=${address('a')}'`,
  )
})

test('the text contains every address and every command', () => {
  const text = demoWords(FACTS)
  for (const token of Object.values(FACTS.tokens)) expect(text).toContain(token)
  expect(text).toContain(`  curl -s '${FACTS.gilt.question}'\n  ${FACTS.gilt.answer}\n`)
  expect(text).toContain('  curl -s balance\n  {"success":true}\n')
  expect(text).toContain(
    `-d '{"username":"demo","password":"demo password"}' '${FACTS.server}/api/users/auth/login/'\n`,
  )
  for (const digit of [1, 2, 3, 4, 5, 6, 7, 'a', 'b'])
    expect(text).toContain(`  0x${String(digit).padStart(64, '0')}\n`)
  for (const { command } of demoLines(FACTS)) expect(text.split('\n')).toContain(`  ${command}`)
})

test('the text has the custody wallet and its balances', () => {
  const text = demoWords(FACTS)
  expect(text).toContain('  3c90c3cc-0d44-4b50-8888-8dd25736052a  Demo treasury\n    EVM_31337  treasury\n')
  expect(text).toContain('  curl -s wallet-balances\n  {"result":[]}\n')
})

test('the text has the Chia chain, or says that there is none', () => {
  const text = demoWords(FACTS)
  expect(text).toContain('chia:simulator0')
  expect(text).toContain(`  ${'c'.repeat(64)}  DBX\n`)
  expect(text).toContain('  curl -s token-balance\n  {"status":"success"}\n')
  expect(demoWords({ ...FACTS, chia: undefined })).toContain('There is no Chia chain here')
})

test('the text says that the Starknet chain is simulated, and its prose fits 80 columns', () => {
  const text = demoWords(FACTS)
  expect(text).toContain('This Starknet chain is SIMULATED')
  const prose = text.split('\n').filter((line) => !/^ {2}(curl|\{|0x)/.test(line))
  expect(prose.filter((line) => line.length > 80)).toEqual([])
})
