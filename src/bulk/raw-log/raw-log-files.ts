import { fstatSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { AssetDictionary } from './asset-dictionary.ts'
import { FrameReader, guarded } from './frames.ts'
import type { Mark } from './mark.ts'

/** The files of a raw log: its records, the entries of its dictionary, and its mark. */
export type RawLogFiles = { readonly records: string; readonly assets: string; readonly mark: string }

/** Names the files of the raw log in a folder of its own. */
export function rawLogFiles(folder: string): RawLogFiles {
  return { records: join(folder, 'raw.log'), assets: join(folder, 'raw.assets'), mark: join(folder, 'raw.mark') }
}

/** Removes a raw log, its mark first, so that no mark is ever left without its records. */
export function removeRawLog(folder: string): void {
  const { records, assets, mark } = rawLogFiles(folder)
  for (const file of [mark, `${mark}.new`, records, assets]) guarded(file, () => rmSync(file, { force: true }))
}

/**
 * True if an open file is still the one of its name and has at least these bytes. A file that was removed or replaced can still
 * be written through an open descriptor, but nobody reads it.
 */
export function isOpenFile(file: string, fd: number, bytes: number): boolean {
  return guarded(file, () => {
    const [named, open] = [statSync(file, { throwIfNoEntry: false }), fstatSync(fd)]
    return named !== undefined && named.ino === open.ino && named.dev === open.dev && named.size >= bytes
  })
}

/** True if the files have at least the bytes of their mark. */
export function hasBytesOf({ records, assets }: RawLogFiles, mark: Mark): boolean {
  const size = (file: string): number => guarded(file, () => statSync(file, { throwIfNoEntry: false }))?.size ?? 0
  return size(records) >= mark.bytes && size(assets) >= mark.assetBytes
}

/** Adds the assets of a mark that a dictionary lacks. `from`: bytes of the file that it has already. Returns false if they are damaged. */
export function loadAssets(
  dictionary: AssetDictionary,
  { assets }: RawLogFiles,
  { mark, from }: { readonly mark: Mark; readonly from: number },
): boolean {
  const reader = new FrameReader(assets, { from, to: mark.assetBytes })
  try {
    while (reader.next()) {
      if (!dictionary.addEntries(reader.buffer.subarray(reader.start, reader.end))) return false
    }
  } finally {
    reader.close()
  }
  return dictionary.count === mark.assets
}
