import { Agent, request } from 'node:http'

type Fields = Readonly<Record<string, string | null>>
/** An answer. `result`: its fields as text; the lists and numbers of some are not of this type. */
export type CoboAnswer = {
  readonly status: number
  readonly body: string
  readonly asOf: string | undefined
  readonly result: Readonly<Record<string, string>>
}
/** A page of rows. */
export type CoboPage = {
  readonly status: number
  readonly rows: readonly Fields[]
  readonly meta: { readonly has_more: boolean; readonly after: string | null; readonly before: string | null }
  readonly asOf: string | undefined
}

/** A client of Cobo's API with one key. It keeps its connections; `connections` counts those that were opened. */
export class CoboClient {
  readonly #url: string
  readonly #key: string
  readonly #agent: Agent
  connections = 0

  /** `sockets`: how many connections may be open at once. */
  constructor(url: string, key: string, sockets = 50) {
    this.#url = url
    this.#key = key
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Sends a call and reads its answer. */
  call(method: string, path: string, body?: object): Promise<CoboAnswer> {
    return new Promise((resolve, reject) => {
      const headers = { 'x-api-key': this.#key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
      const sent = request(this.#url + path, { method, headers, agent: this.#agent }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('error', reject)
        response.on('end', () => {
          const parsed: { result?: Readonly<Record<string, string>> | null } = JSON.parse(text)
          const asOf = response.headers['balance-as-of']
          const header = typeof asOf === 'string' ? asOf : undefined
          resolve({ status: response.statusCode ?? 0, body: text, asOf: header, result: parsed.result ?? {} })
        })
      })
      sent.on('socket', (socket) => {
        if (socket.connecting) this.connections += 1
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  /** Reads a page of a list. */
  async rows(path: string): Promise<CoboPage> {
    const { status, body, asOf } = await this.call('GET', path)
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`)
    const page: { result: readonly Fields[]; meta: CoboPage['meta'] } = JSON.parse(body)
    return { status, rows: page.result, meta: page.meta, asOf }
  }
}
