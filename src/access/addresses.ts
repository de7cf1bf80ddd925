import { isIP, isIPv4, isIPv6 } from 'node:net'

/** Returns the IPv4 form of an IPv4 address from an IPv6 socket (`::ffff:10.0.0.1`), any other text unchanged. */
export function plainAddress(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** What callers are counted under whose address is not known, such as `unknown` from a proxy. */
const NO_ADDRESS = 'unknown'

/**
 * Returns the network that one subscriber is counted by: an IPv4 address itself, or the /64 of an IPv6 address
 * (`2001:db8:0:1::/64`), since one subscriber has all addresses of a /64. All texts that are no address share
 * `unknown`.
 */
export function subscriberNetwork(address: string): string {
  const plain = plainAddress(address)
  if (isIP(plain) === 0) return NO_ADDRESS
  if (!isIPv6(plain)) return plain
  const groups = groupsOf(plain)
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return dotted(groups)
  const network = groups.slice(0, 4).map((group) => group.toString(16))
  return `${network.join(':')}::/64`
}

/** The eight groups of a valid IPv6 address. A zone (`%eth0`) is ignored. */
function groupsOf(address: string): readonly number[] {
  const [start = '', end] = (address.split('%')[0] ?? '').split('::')
  const left = parseGroups(start)
  const right = end === undefined ? [] : parseGroups(end)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function parseGroups(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!isIPv4(group)) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function dotted(groups: readonly number[]): string {
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
