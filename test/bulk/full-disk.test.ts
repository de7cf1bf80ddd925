/** Builds on a disk that is really full: a small file system in memory, mounted only for a process of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const CHILD = fileURLToPath(new URL('./full-disk-child.ts', import.meta.url))

test.each([
  ['pages', 1],
  ['pages', 3],
  ['sql', 1],
  ['sql', 3],
])(
  'a build by %s on a disk of %i MiB stops with an error, and leaves only the log',
  (by, mib) => {
    const folder = mkdtempSync(join(tmpdir(), 'steelyard-full-'))
    try {
      mkdirSync(join(folder, 'small'))
      const mount = `mount -t tmpfs -o size=${mib}m tmpfs '${folder}/small'`
      const child = `'${process.execPath}' --import tsx '${CHILD}' '${folder}' ${by}`
      const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', `${mount} && ${child}`], { encoding: 'utf8' })
      expect([stdout.trim(), stderr]).toEqual(['STORE_FULL', ''])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
  60_000,
)
