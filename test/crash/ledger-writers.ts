import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { commitGroup } from '../../src/ledger/group-commit.ts'
import { genesisOf } from '../../src/ledger/record.ts'
import { openRecords } from '../../src/store/open.ts'
import type { Records } from '../../src/store/seam/records.ts'
import { BEGAN, CHAIN } from '../ledger/ledger.ts'
import { ENGINES } from '../store/engines.ts'
import { makeRequests } from './ledger-writers-requests.ts'

const CHILD = fileURLToPath(new URL('./ledger-writers-child.ts', import.meta.url))
const WRITERS = 2

/** A run: `crash` kills the server and starts it again, `crashes` times. */
export type WritersRun = {
  readonly url: string
  readonly operations: number
  readonly kills: number
  readonly crashes: number
  readonly crash: () => Promise<void>
}

/**
 * Lets two processes write one ledger, and kills them and the server in between. Every request is then answered the same
 * way each time, is stored exactly once if it was accepted, and the store holds what one undisturbed writer of the engine
 * that tests compare with would hold. Returns how many were accepted.
 */
export async function writeTogether(run: WritersRun): Promise<number> {
  const answers = new Map<number, string>()
  const trouble = new Trouble(run)
  await Promise.all(Array.from({ length: WRITERS }, (_, first) => writer(run, { first, answers, trouble })))
  await trouble.end()
  expect([trouble.kills, trouble.crashes]).toEqual([run.kills, run.crashes])
  expect(answers.size).toBe(run.operations)
  const accepted = [...answers]
    .filter(([, answer]) => /^\d+$/.test(answer))
    .map(([at, answer]) => ({ at, block: Number(answer) }))
  accepted.sort((a, b) => a.block - b.block)
  expect(accepted.map(({ block }) => block)).toEqual(accepted.map((_, index) => index + 1))
  const store = await openRecords({ url: run.url, create: false })
  try {
    const order = accepted.map(({ at }) => at)
    expect(await store.dump()).toEqual(await dumpOfOneWriter(run.operations, order))
  } finally {
    await store.close()
  }
  return accepted.length
}

type Shared = { readonly first: number; readonly answers: Map<number, string>; readonly trouble: Trouble }

/** Runs one writer, again after each kill, until all its requests are answered. */
async function writer(run: WritersRun, { first, answers, trouble }: Shared): Promise<void> {
  for (let next = first; next < run.operations; ) {
    const args = ['--import', 'tsx', CHILD, run.url, `${run.operations}`, `${WRITERS}`, `${next}`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (said + chunk.toString()).split('\n')
      said = lines.pop() ?? ''
      for (const line of lines) {
        const [at = '', answer = ''] = line.split(' ')
        const before = answers.get(Number(at))
        // A request that was asked twice has one answer, unless it was rejected: then it may be accepted later.
        if (before !== undefined && /^\d+$/.test(before)) expect(answer).toBe(before)
        answers.set(Number(at), answer)
        next = Math.max(next, Number(at) + WRITERS)
      }
      trouble.make(child, answers.size)
    })
    const code = await new Promise((resolve) => child.once('close', (exit, signal) => resolve(signal ?? exit)))
    expect(['SIGKILL', 0]).toContain(code)
  }
}

/** Kills the writers and the server, evenly over the run. */
class Trouble {
  kills = 0
  crashes = 0
  readonly #run: WritersRun
  #crashing: Promise<void> = Promise.resolve()

  constructor(run: WritersRun) {
    this.#run = run
  }

  make(child: ChildProcess, answered: number): void {
    const { kills, crashes, operations, crash } = this.#run
    if (this.crashes < crashes && answered > ((this.crashes + 1) * operations) / (crashes + 1)) {
      this.crashes += 1
      this.#crashing = this.#crashing.then(crash)
    }
    if (this.kills < kills && answered > ((this.kills + 1) * operations) / (kills + 1)) {
      if (child.kill('SIGKILL')) this.kills += 1
    }
  }

  end(): Promise<void> {
    return this.#crashing
  }
}

/** What a store of the first engine holds once it was given these requests, in this order, by one writer. */
async function dumpOfOneWriter(operations: number, order: readonly number[]): Promise<readonly string[]> {
  const place = await ENGINES[0]?.makePlace()
  try {
    const store: Records | undefined = await place?.open()
    const journal = await store?.ledgers.openJournal(CHAIN, genesisOf(CHAIN, BEGAN))
    const requests = makeRequests(operations)
    for (let start = 0; start < order.length; start += 200) {
      const group = order.slice(start, start + 200).flatMap((at) => requests[at] ?? [])
      if (journal !== undefined) await commitGroup(journal, group, { rules: { strictWallets: false }, now: BEGAN })
    }
    await journal?.close()
    return (await store?.dump()) ?? []
  } finally {
    await place?.end()
  }
}
