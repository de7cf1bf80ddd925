import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type Credentials, commandsOf, exampleOf, wordsOf } from '../../test/conformance/docs-examples.ts'

const running = new Set<ChildProcess>()
const temporary = mkdtempSync(join(tmpdir(), 'steelyard-main-'))
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** The real command in its own process, with its output so far. */
function start(...args: string[]) {
  const env = { ...process.env, TMPDIR: temporary }
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { env })
  running.add(child)
  const written = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => {
    written.out += bytes.toString()
  })
  child.stderr.on('data', (bytes: Buffer) => {
    written.err += bytes.toString()
  })
  const ended = once(child, 'close').then(() => running.delete(child))
  return { child, written, ended }
}

async function until(condition: () => boolean, child: ChildProcess): Promise<void> {
  while (!condition() && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 20))
}

/** Sends every example of the documentation as a reader pastes it. Each must work on the server that shows it. */
async function pasteExamples(origin: string, key: string): Promise<void> {
  // A chain is ready after the audit's first look, which may come after its first answer.
  while ((await fetch(`${origin}/ready`)).status !== 200) await new Promise((wake) => setTimeout(wake, 20))
  const commands = commandsOf(await (await fetch(`${origin}/docs`)).text())
  expect(commands.length).toBeGreaterThan(30)
  let credentials: Credentials = { KEY: key }
  for (const command of commands) {
    const { url, ...init } = exampleOf(wordsOf(command, credentials))
    expect(url.startsWith(origin), command).toBe(true)
    const answer = await fetch(url, { ...init, body: init.body ?? null })
    const text = await answer.text()
    // Ids of holds and keys cannot be known before they are made: their example is a placeholder.
    const expected = /\/(holds|api-keys)\/0{8}/.test(url) ? [404] : [200, 201]
    expect(expected, `${command}\n${text}`).toContain(answer.status)
    if (url.includes('/login')) credentials = { ...credentials, TOKEN: JSON.parse(text).token }
  }
}

test('the demo answers, and Ctrl-C leaves nothing behind', async () => {
  const { child, written, ended } = start('demo', '--port', '0')
  await until(() => written.out.includes('Ctrl-C ends the demo'), child)
  const line = /'(http:\/\/127\.0\.0\.1:\d+\/v1\/account\/tokens[^']+)'/.exec(written.out)?.[1]
  expect(line, written.err).toBeDefined()
  const answer = await fetch(line ?? '', { headers: { 'x-api-key': 'demo' } })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ code: 0, message: 'ok', count: 4 })
  const key = /api-key: (\w{8}\.\w{43})'/.exec(written.out)?.[1] ?? ''
  await pasteExamples(new URL(line ?? '').origin, key)
  child.kill('SIGINT')
  await ended
  expect([child.exitCode, written.err]).toEqual([0, expect.stringContaining('left nothing behind')])
  expect(readdirSync(temporary).filter((name) => name.startsWith('steelyard-demo-'))).toEqual([])
}, 180_000)

test('a closed pipe is not a failure', async () => {
  const { child, written, ended } = start('--help')
  child.stdout.destroy()
  await ended
  expect([child.exitCode, written.err]).toEqual([0, ''])
})

test('a wrong configuration ends with 2 and one clear line, without a stack', async () => {
  const { child, written, ended } = start('serve', '--config', 'nowhere.yaml')
  await ended
  expect(child.exitCode).toBe(2)
  expect(written.err).toMatch(/^steelyard: nowhere\.yaml: 1 mistake/)
  expect(existsSync('nowhere.yaml') || /\n\s+at /.test(written.err)).toBe(false)
})
