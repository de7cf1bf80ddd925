import { spawnSync } from 'node:child_process'

/** A request as curl would send it. */
export type Example = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** The commands of a documentation page, as a reader copies them. */
export function commandsOf(html: string): readonly string[] {
  return [...html.matchAll(/<pre>(curl [^<]*)<\/pre>/g)].map(([, text = '']) =>
    text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? ''),
  )
}

/** What a shell makes of a command: its words, one a line, by a function that stands for curl. */
export function wordsOf(command: string, key: string): readonly string[] {
  const script = `curl() { printf '%s\\n' "$@"; }\n${command}`
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    env: { KEY: key, PATH: '/nowhere' },
  })
  if (status !== 0 || stderr !== '') throw new Error(`the shell refuses ${command}: ${stderr}`)
  return stdout.split('\n').slice(0, -1)
}

/** The request of a command's words. */
export function exampleOf(words: readonly string[]): Example {
  const headers: Record<string, string> = {}
  let [url, body]: [string, string | undefined] = ['', undefined]
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '-H') {
      const [name = '', ...value] = (words[++at] ?? '').split(': ')
      headers[name] = value.join(': ')
    } else if (word === '-d') body = words[++at]
    else url = word
  }
  return { url, headers, body, method: body === undefined ? 'GET' : 'POST' }
}
