import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Runs a script with FOLDER and more arguments in a process of its own, for which FOLDER/small is a file system in memory of so
 * many MiB. Returns what it printed.
 */
export async function onSmallDisk(
  folder: string,
  mib: number,
  [script, ...args]: readonly [string, ...string[]],
): Promise<string> {
  mkdirSync(join(folder, 'small'), { recursive: true })
  const mount = `mount -t tmpfs -o size=${mib}m tmpfs '${folder}/small'`
  const child = [process.execPath, '--import', 'tsx', script, folder, ...args].map((word) => `'${word}'`).join(' ')
  const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', `${mount} && ${child}`], {
    maxBuffer: 2 ** 26,
  })
  return stdout
}
