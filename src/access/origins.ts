import { isIP } from 'node:net'

/** The text, if it is an origin as browsers send it (scheme, host and port); else undefined. */
export function parseOrigin(given: string): string | undefined {
  return URL.canParse(given) && new URL(given).origin === given ? given : undefined
}

/** The text, if it is an IP address or a CIDR range; else undefined. */
export function parseAddressRange(given: string): string | undefined {
  const [address = '', bits, ...more] = given.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0 || address.includes('%')) return undefined
  const most = family === 4 ? 32 : 128
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most) ? given : undefined
}
