import { spawnSync } from 'node:child_process'

/** A request as curl would send it. */
export type Example = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** Returns the commands of a documentation page, as a reader copies them. */
export function commandsOf(html: string): readonly string[] {
  return [...html.matchAll(/<pre>(curl [^<]*)<\/pre>/g)].map(([, text = '']) =>
    text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? ''),
  )
}

/** What a reader has set in the shell: a key, and a session. */
export type Credentials = { readonly KEY: string; readonly TOKEN?: string }

/** Returns the words of a command. A shell runs the command with a curl function that prints one word per line. */
export function wordsOf(command: string, credentials: Credentials): readonly string[] {
  const script = `curl() { printf '%s\\n' "$@"; }\n${command}`
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    env: { ...credentials, PATH: '/nowhere' },
  })
  if (status !== 0 || stderr !== '') throw new Error(`the shell rejects ${command}: ${stderr}`)
  return stdout.split('\n').slice(0, -1)
}

/** Returns the request that a command's words describe. */
export function exampleOf(words: readonly string[]): Example {
  const headers: Record<string, string> = {}
  let [url, body, method]: [string, string | undefined, string | undefined] = ['', undefined, undefined]
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '-H') {
      const [name = '', ...value] = (words[++at] ?? '').split(': ')
      headers[name] = value.join(': ')
    } else if (word === '-d') body = words[++at]
    else if (word === '-X') method = words[++at]
    else url = word
  }
  return { url, headers, body, method: method ?? (body === undefined ? 'GET' : 'POST') }
}
