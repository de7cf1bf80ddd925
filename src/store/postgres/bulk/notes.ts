import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { ServiceError } from '../../../core/errors.ts'
import { folderError } from './load-folder.ts'

const CRC_BYTES = 4

/** Writes a value for another thread of this process, with a checksum. @throws STORE_FULL, STORE_UNAVAILABLE */
export function writeNote(file: string, value: unknown): void {
  const content = serialize(value)
  const crc = Buffer.alloc(CRC_BYTES)
  crc.writeUInt32BE(crc32(content))
  try {
    writeFileSync(file, Buffer.concat([crc, content]))
  } catch (error) {
    throw folderError(error, file)
  }
}

/** Reads a value as `writeNote` wrote it. @throws STORE_UNAVAILABLE the file was lost or changed */
export function readNote<T>(file: string): T {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw folderError(error, file)
  }
  const content = bytes.subarray(CRC_BYTES)
  if (bytes.length > CRC_BYTES && bytes.readUInt32BE() === crc32(content)) return deserialize(content) as T
  throw new ServiceError('STORE_UNAVAILABLE', `${file} was changed while a bulk load used it: the load begins anew`)
}
