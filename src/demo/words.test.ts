import { expect, test } from 'vitest'
import { demoLines, demoWords } from './words.ts'

const address = (digit: string) => `0x${digit.repeat(40)}` as const
const FACTS = {
  server: 'http://127.0.0.1:8080',
  balances: [{ command: 'curl -s balance', answer: '{"success":true}' }],
  login: { username: 'ada', password: 'correct horse' },
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
  expect(text).toContain(`-d '{"username":"ada","password":"correct horse"}' '${FACTS.server}/api/users/auth/login/'\n`)
  for (const { command } of demoLines(FACTS)) expect(text.split('\n')).toContain(`  ${command}`)
})
