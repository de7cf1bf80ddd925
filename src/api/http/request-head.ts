import type { IncomingMessage } from 'node:http'
import { ServiceError } from '../../core/errors.ts'

/** The parts of a request's head that are checked before anything else. */
type Head = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'>

/** The only expectation in HTTP (RFC 9110, section 10.1.1). Node answers it. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

/** Returns the error of a request's head beyond its syntax. Undefined if there is none. */
export function headError({ headers, rawHeaders, httpVersion }: Head): ServiceError | undefined {
  // RFC 9112, section 3.2: exactly one Host. Node silently keeps the first of several.
  const hosts = hostHeaders(rawHeaders)
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return new ServiceError('BAD_REQUEST', 'Host must be sent once')
  }
  if (headers.expect === undefined || CONTINUE.test(headers.expect)) return undefined
  return new ServiceError('EXPECTATION_FAILED', 'Expectation is not supported')
}

/** True if a request of HTTP/1.1 has one Host, expects nothing and announces no body. */
export function isPlainHead({ headers, rawHeaders, httpVersion }: Head): boolean {
  if (httpVersion !== '1.1' || hostHeaders(rawHeaders) !== 1 || headers.expect !== undefined) return false
  return headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
}

function hostHeaders(rawHeaders: readonly string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}
