import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { ServiceError } from '../core/errors.ts'

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** Content codings (RFC 9110 section 8.4.1) that proxies apply although we request none. */
const DECOMPRESSORS: Readonly<Record<string, Decompress>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  // Some servers send raw deflate data under this name, without the zlib header that the RFC asks for.
  deflate: async (body, options) => {
    const isZlib = body.length >= 2 && ((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0
    return promisify(isZlib ? inflate : inflateRaw)(body, options)
  },
  br: promisify(brotliDecompress),
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/**
 * Decompresses a body as its Content-Encoding says. Detects gzip without the header too.
 * @throws NODE_TOO_LARGE the decompressed body is over `maxBytes`; NODE_GARBAGE an unknown coding, or invalid data
 */
export async function decodeBody(
  body: Buffer,
  { encoding, maxBytes }: { readonly encoding: string | string[] | undefined; readonly maxBytes: number },
): Promise<Buffer> {
  const named = [encoding ?? []].flat().join(',').toLowerCase().split(',')
  const codings = named.map((coding) => coding.trim()).filter((coding) => coding !== '' && coding !== 'identity')
  if (codings.length === 0 && body.subarray(0, 2).equals(GZIP_MAGIC)) codings.push('gzip')
  let decoded = body
  for (const coding of codings.reverse()) decoded = await decompress(decoded, { coding, maxBytes })
  return decoded
}

async function decompress(body: Buffer, how: { readonly coding: string; readonly maxBytes: number }): Promise<Buffer> {
  const { coding, maxBytes } = how
  const work = DECOMPRESSORS[coding]
  if (work === undefined) throw new ServiceError('NODE_GARBAGE', 'The node answered in an unknown content coding')
  try {
    return await work(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw new ServiceError('NODE_GARBAGE', `The node answered broken ${coding} data`, { cause: error })
  }
}

/** The error of an answer over the size limit. */
export function tooLarge(maxBytes: number): ServiceError {
  return new ServiceError('NODE_TOO_LARGE', `The answer is over ${maxBytes} bytes`, { fields: { maxBytes } })
}
