import { BlockList, isIP, isIPv6 } from 'node:net'

/** The settings that decide whether writes need a key. */
type OpenWrites = { readonly enabled: boolean; readonly chain: string | undefined; readonly keys: boolean }

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * Returns a warning for a server that listens on `host`, if clients beyond this machine can write to the ledger without
 * a key. Otherwise returns undefined.
 */
export function warnOfOpenWrites(host: string, abcLabs: OpenWrites): string | undefined {
  const isOpen = abcLabs.enabled && abcLabs.chain !== undefined && !abcLabs.keys
  if (!isOpen || isLoopback(host)) return undefined
  return `anyone who can connect to ${host} can mint, transfer and burn without a key: set dialects.abc-labs.keys: on, or listen on 127.0.0.1`
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost'
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}
