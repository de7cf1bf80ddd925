import { expect, test } from 'vitest'
import { keyAt, shareOf } from './key-share.ts'

const account = (head: string): Buffer => Buffer.from(head.padEnd(64, '0'), 'hex')

test('accounts that use all keys', () => {
  expect(['00', '40', '80', 'ff'].map((head) => shareOf(account(head), {}))).toEqual([0, 0.25, 0.5, 0.99609375])
  expect([0, 0.25, 0.5].map((share) => keyAt(share, {}).toString('hex'))).toEqual([
    '000000000000',
    '400000000000',
    '800000000000',
  ])
})

test('accounts that use only the lowest keys are spread over all shares, as those of Starknet are', () => {
  const range = { span: 2 ** -5 }
  expect(['00', '02', '04', '08'].map((head) => shareOf(account(head), range))).toEqual([0, 0.25, 0.5, 1])
  expect([0, 0.25, 0.5].map((share) => keyAt(share, range).toString('hex'))).toEqual([
    '000000000000',
    '020000000000',
    '040000000000',
  ])
})
