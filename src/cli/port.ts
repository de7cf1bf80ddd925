import { InvalidArgumentError } from 'commander'

/** Parses a port option. @throws InvalidArgumentError */
export function parsePort(given: string): number {
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('expected a port from 0 to 65535.')
}
