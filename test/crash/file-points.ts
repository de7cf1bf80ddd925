/** Points at which a process touches its files, for tests that kill it there, and what of its files a power cut would leave. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join } from 'node:path'

/** A call of the file system, and the files that it is about. */
const POINTS = {
  scan: ['writeSync', /raw\.log$/],
  sync: ['fdatasync', /raw\.log$/],
  mark: ['renameSync', /raw\.mark\.new$/],
  spill: ['writeSync', /\/build\//],
  sort: ['readSync', /\/build\//],
  pages: ['writeSync', /\.g\d+\.db$/],
  file: ['fsync', /\.g\d+\.db$/],
  pointer: ['writeSync', /\.current\.new$/],
  swap: ['renameSync', /\.current\.new$/],
  remove: ['rmSync', /\.db$/],
} as const satisfies Record<string, readonly [keyof typeof fs, RegExp]>

/** A point at which a process is killed, before the call is made. */
export type FilePoint = keyof typeof POINTS
/** All of them. */
export const FILE_POINTS = Object.keys(POINTS) as readonly FilePoint[]

/**
 * A line of the trace, separated by tabs: `sync FILE BYTES`, a file is durable up to a size; `rename FILE CONTENT`, it replaced
 * one with this content in base 64, or none; `names FOLDER`, the names of a folder are durable.
 */
type Traced = readonly ['sync' | 'rename' | 'names', string, string]

/**
 * Has this process kill itself by SIGKILL at the `count`-th time at a point. `trace`: a file that is told what is durable. To
 * be called before the modules that use the file system are loaded.
 */
export function killAt(point: string | undefined, count: number, trace: string): void {
  const files = new Map<number, string>()
  const tell = (line: Traced): void =>
    original.appendFileSync(
      trace,
      `${line.join('	')}
`,
    )
  fs.appendFileSync(trace, '')
  let left = count
  const reach = (call: string, file: string): void => {
    for (const [name, [of, pattern]] of Object.entries(POINTS)) {
      if (name === point && of === call && pattern.test(file) && --left === 0) process.kill(process.pid, 'SIGKILL')
    }
  }
  const synced = (fd: number): void => {
    const stat = original.fstatSync(fd)
    const file = files.get(fd) ?? ''
    if (stat.isDirectory()) tell(['names', file, ''])
    else tell(['sync', file, `${stat.size}`])
  }
  const original = { ...fs }
  const calls = {
    openSync: (file: string, ...rest: readonly unknown[]) => {
      const fd = Number(Reflect.apply(original.openSync, fs, [file, ...rest]))
      files.set(fd, file)
      return fd
    },
    writeSync: (fd: number, ...rest: readonly unknown[]) => {
      reach('writeSync', files.get(fd) ?? '')
      return Number(Reflect.apply(original.writeSync, fs, [fd, ...rest]))
    },
    readSync: (fd: number, ...rest: readonly unknown[]) => {
      reach('readSync', files.get(fd) ?? '')
      return Number(Reflect.apply(original.readSync, fs, [fd, ...rest]))
    },
    fsyncSync: (fd: number) => {
      reach('fsyncSync', files.get(fd) ?? '')
      original.fsyncSync(fd)
      synced(fd)
    },
    fsync: (fd: number, done: (error: Error | null) => void) => {
      reach('fsync', files.get(fd) ?? '')
      original.fsync(fd, (error) => {
        if (error === null) synced(fd)
        done(error)
      })
    },
    fdatasync: (fd: number, done: (error: Error | null) => void) => {
      reach('fdatasync', files.get(fd) ?? '')
      const { size } = original.fstatSync(fd)
      original.fdatasync(fd, (error) => {
        if (error === null) tell(['sync', files.get(fd) ?? '', `${size}`])
        done(error)
      })
    },
    renameSync: (from: string, to: string) => {
      reach('renameSync', from)
      tell(['rename', to, contentOf(to)])
      original.renameSync(from, to)
    },
    rmSync: (file: string, ...rest: readonly unknown[]) => {
      reach('rmSync', file)
      Reflect.apply(original.rmSync, fs, [file, ...rest])
    },
  }
  Object.assign(fs, calls)
  syncBuiltinESMExports()
}

function contentOf(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'base64') : ''
}

/**
 * Leaves of a folder what a power cut leaves after the trace: of each file of a bulk load the bytes that were made durable, with
 * or without zeros behind them, and of a file that replaced another one or the other, unless its name was made durable. The logs
 * of SQLite, which are not made durable at each commit, are empty.
 */
export function cutPower(folder: string, trace: string, random: () => number): void {
  const durable = new Map<string, number>()
  const renamed = new Map<string, string>()
  for (const line of fs.readFileSync(trace, 'utf8').split('\n')) {
    const [type, file = '', value = ''] = line.split('\t')
    if (type === 'sync') durable.set(file, Number(value))
    else if (type === 'rename') renamed.set(file, renamed.get(file) ?? value)
    else if (type === 'names') for (const one of renamed.keys()) if (dirname(one) === file) renamed.delete(one)
  }
  for (const [file, before] of renamed) {
    if (random() < 0.5) continue
    if (before === '') fs.rmSync(file, { force: true })
    else fs.writeFileSync(file, before, 'base64')
  }
  for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name)
    if (!fs.statSync(file).isFile()) continue
    const { size } = fs.statSync(file)
    const isLog = /^raw\.(log|assets)$/.test(basename(file))
    // The main file alone makes each commit durable.
    if (file.endsWith('-wal') && basename(file) !== 'steelyard.db-wal') fs.truncateSync(file)
    else if (isLog || /\.g\d+\.db$/.test(file) || name.includes('build/')) {
      fs.truncateSync(file, Math.min(size, durable.get(file) ?? 0))
      if (random() < 0.5) fs.truncateSync(file, size)
    }
  }
  fs.rmSync(trace)
}
