import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { askSecrets, readFirstLine } from './ask-secrets.ts'

const QUESTIONS = ['Password: ', 'Again: ']

/** Types each text once the question before it is shown. Returns the answers and all that was shown. */
async function typed(...texts: readonly string[]) {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let shown = ''
  output.on('data', (bytes: Buffer) => {
    shown += bytes.toString()
  })
  const asking = askSecrets(QUESTIONS, { input, output })
  for (const text of texts) {
    while (!shown.endsWith(': ')) await once(output, 'data')
    shown += '|'
    input.write(text)
  }
  return { answers: await asking, shown }
}

test('nothing of what is typed is shown', async () => {
  expect(await typed('correct horse\r', 'battery\n')).toEqual({
    answers: ['correct horse', 'battery'],
    shown: 'Password: |\nAgain: |\n',
  })
})

test('both lines may be pasted at once, and characters may be taken back', async () => {
  expect(await typed('horses\u007f\rhorse\r')).toMatchObject({ answers: ['horse', 'horse'] })
})

test('the first answer cannot be called back', async () => {
  const up = '\u001b[A'
  expect(await typed('secret\r', `${up}x\r`)).toMatchObject({ answers: ['secret', 'x'] })
})

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s ends the input: there is no answer', async (_, key) => {
  expect((await typed(key)).answers).toBeUndefined()
  expect((await typed('secret\r', key)).answers).toBeUndefined()
})

test.each<[string, readonly Buffer[], string | undefined]>([
  ['one line', [Buffer.from('secret\n')], 'secret'],
  ['a line of Windows', [Buffer.from('secret\r\n')], 'secret'],
  ['a line without an end', [Buffer.from('secret')], 'secret'],
  ['spaces', [Buffer.from('  se cret \n')], '  se cret '],
  ['several lines', [Buffer.from('first\nsecond\n')], 'first'],
  ['a character in two parts', [Buffer.from([0xc3]), Buffer.from([0xa9, 10])], 'é'],
  ['an empty line', [Buffer.from('\n')], ''],
  ['nothing', [], undefined],
])('the first line of %s', async (_, chunks, line) => {
  expect(await readFirstLine(Readable.from(chunks))).toBe(line)
})

test('a line that never ends is read up to a bound', async () => {
  let chunks = 0
  const endless = Readable.from(
    (function* () {
      for (;;) {
        chunks++
        yield Buffer.alloc(10_000, 'a')
      }
    })(),
  )
  expect((await readFirstLine(endless))?.length).toBe(70_000)
  expect(chunks).toBeLessThan(100)
})

test('a line that is not UTF-8 is wrong use', async () => {
  const latin = Readable.from([Buffer.from([0x63, 0xe9, 10])])
  await expect(readFirstLine(latin)).rejects.toMatchObject({ name: 'UsageError' })
})
