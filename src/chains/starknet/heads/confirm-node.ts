import { type ChainId, parseChainId } from '../../../core/chain.ts'
import { ServiceError } from '../../../core/errors.ts'
import type { AdapterOptions } from '../../adapter.ts'
import { confirmChain } from '../../nodes/confirm-chain.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { garbage, parseFelt, shortStringBytes } from '../words/felt.ts'

/** The CAIP-2 namespace of Starknet (https://chainagnostic.org/CAIPs/caip-28). */
export const STARKNET_NAMESPACE = 'starknet'

/** A version of Starknet's JSON-RPC specification. */
export type SpecVersion = { readonly major: number; readonly minor: number; readonly patch: number }

/**
 * The oldest version that we speak: 0.9 has no indexes of events and no counts of them, 0.10 has both. A newer version is
 * spoken as 0.10: what we ask may still be there, and each answer is checked.
 */
const OLDEST_MINOR = 9
/** The newest minor version of 0 that we know. */
const NEWEST_MINOR = 10

/** The versions that nodes (by label) named when they were checked. */
export type SpecVersions = Map<string, SpecVersion>

/** What a node is checked against, and where its version goes. */
export type NodeChecks = {
  readonly chain: ChainId
  readonly versions: SpecVersions
  readonly warn: AdapterOptions['warn']
}

/**
 * Checks that the node speaks a version that is new enough, and is on the configured chain. Records its version, and
 * reports one that is newer than those that we know.
 * @throws NODE_REFUSED an older version; CHAIN_MISMATCH it named another chain twice; NODE_GARBAGE, NODE_*
 */
export async function confirmNode(session: RpcSession, { chain, versions, warn }: NodeChecks): Promise<void> {
  const version = await readVersion(session)
  if (isUnknown(version) && !versions.has(session.label)) {
    const specVersion = textOf(version)
    warn("a node speaks a newer version of Starknet's JSON-RPC than is known here", {
      node: session.label,
      specVersion,
    })
  }
  versions.set(session.label, version)
  await confirmChain(session, { chain, readChain })
}

/** Asks a node for its version. @throws NODE_REFUSED a version that is too old; NODE_GARBAGE none; NODE_* */
export async function readVersion(session: RpcSession): Promise<SpecVersion> {
  const answer = await session.call({ method: 'starknet_specVersion', params: [] })
  const version = typeof answer === 'string' ? parseVersion(answer) : undefined
  if (version === undefined) throw garbage('no version of the JSON-RPC specification')
  if (version.major > 0 || version.minor >= OLDEST_MINOR) return version
  const spoken = textOf(version)
  throw new ServiceError(
    'NODE_REFUSED',
    `${session.label} speaks version ${spoken} of Starknet's JSON-RPC, but 0.9 or newer is needed: ` +
      'use the URL of a newer version, which usually ends in /rpc/v0_10',
    { fields: { node: session.label, specVersion: spoken } },
  )
}

function textOf({ major, minor, patch }: SpecVersion): string {
  return `${major}.${minor}.${patch}`
}

/** Parses `0.10.2`, `0.9`, or `0.10.0-rc.1`. Releases before the final one count as it. */
export function parseVersion(text: string): SpecVersion | undefined {
  const match = /^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+].{0,64})?$/.exec(text)
  if (match === null) return undefined
  const [, major = '', minor = '', patch = '0'] = match
  return { major: Number(major), minor: Number(minor), patch: Number(patch) }
}

/** True if getEvents takes a list of addresses: from 0.10.1 on. */
export function takesAddressList(version: SpecVersion | undefined): boolean {
  if (version === undefined) return false
  const { major, minor, patch } = version
  return isUnknown(version) || (major === 0 && minor === NEWEST_MINOR && patch >= 1)
}

/** True for a version that is newer than those that we know. */
function isUnknown({ major, minor }: SpecVersion): boolean {
  return major > 0 || minor > NEWEST_MINOR
}

/**
 * Reads a node's chain as CAIP-2 text. The chain id is a short string, such as `SN_MAIN`.
 * @throws NODE_GARBAGE no chain id; NODE_*
 */
export async function readChain(session: RpcSession): Promise<string> {
  const felt = parseFelt(await session.call({ method: 'starknet_chainId', params: [] }))
  const name = felt === undefined ? undefined : shortStringBytes(felt)?.toString('latin1')
  const chain = name === undefined ? undefined : parseChainId(`${STARKNET_NAMESPACE}:${name}`)
  if (chain === undefined) throw garbage('no chain id')
  return chain
}
