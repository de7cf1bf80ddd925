/** A place in PostgreSQL for bulk loads that are cut off. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { placeMaker, type StorePlace } from '../store/engines.ts'
import { LoadPlace } from './load-place.ts'

/** What is stored of a chain of which nothing was published: no block, and no schema but its own. */
export const NOTHING = { number: null, schemas: ['_eip155_1', '_eip155_1_reads'] }

export class CutLoads extends LoadPlace {
  /** The name of the chain's schema. */
  readonly chain: string
  /** Holds locks. */
  readonly other: pg.Client
  readonly #schema: string
  readonly #client: pg.Client

  private constructor(place: StorePlace, schema: string, clients: readonly [pg.Client, pg.Client]) {
    super(place)
    this.#schema = schema
    this.chain = `${schema}_eip155_1`
    ;[this.#client, this.other] = clients
  }

  static override async make(): Promise<CutLoads> {
    const place = await placeMaker('postgres')()
    const url = new URL(place.url)
    const schema = url.searchParams.get('schema') ?? ''
    url.searchParams.delete('schema')
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: url.href })
      await client.connect()
      return client
    }
    return new CutLoads(place, schema, [await connect(), await connect()])
  }

  override async end(): Promise<void> {
    await this.#client.end()
    await this.other.end()
    await super.end()
  }

  /** The number of blocks, and the schemas of the chain. */
  async stored(): Promise<unknown> {
    const named = 'SELECT nspname FROM pg_namespace WHERE nspname LIKE $1 ORDER BY 1'
    const schemas = await this.#client.query(named, [`${this.#schema}\\_eip%`])
    const { rows } = await this.#client.query(`SELECT number FROM ${this.chain}.clock`)
    return {
      number: rows[0]?.number,
      schemas: schemas.rows.map(({ nspname }) => String(nspname).slice(this.#schema.length)),
    }
  }

  /** Waits for a statement of the load that begins so. Returns the process of the server that runs it. */
  async running(statement: string, more = 'true'): Promise<number> {
    for (;;) {
      const { rows } = await this.#client.query(
        `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND ${more}`,
        [`${statement} ${this.#schema}\\_%`],
      )
      if (rows.length > 0) return Number(rows[0]?.pid)
      await wait(5)
    }
  }

  /** Waits until the load waits for others that read the empty tables. */
  async waiting(): Promise<void> {
    await this.running('LOCK TABLE', "wait_event_type = 'Lock'")
  }

  /** Ends a connection of the server. */
  async terminate(pid: number): Promise<void> {
    await this.#client.query('SELECT pg_terminate_backend($1)', [pid])
  }

  /** Waits until blocks are published. */
  async published(): Promise<void> {
    const any = `SELECT 1 FROM ${this.chain}.clock WHERE number IS NOT NULL`
    while ((await this.#client.query(any)).rows.length === 0) await wait(1)
  }

  /** Starts a process that loads the chain. `cut`: a table whose COPY stops in its middle. */
  start(cut = ''): ReturnType<typeof spawn> {
    const child = join(import.meta.dirname, 'load-child.ts')
    const args = ['--import', 'tsx', child, this.place.url, this.loadFolder, cut]
    return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  }

  /** Kills a process that loads the chain, and ends its lease. */
  async kill(child: ReturnType<typeof spawn>): Promise<void> {
    if (child.kill('SIGKILL')) await once(child, 'exit')
    await this.#client.query(`UPDATE ${this.#schema}.leases SET expires_at = now()`)
  }
}
