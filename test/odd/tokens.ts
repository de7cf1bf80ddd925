/** A real chain with every odd token that we know, and functions to use them. All addresses are lower-case. */
import type { Address } from 'viem'
import type { ContractName } from '../../src/demo/contracts.ts'
import { type Anvil, DEPLOYER, deploy, placeMulticall3, send, startAnvil } from '../nodes/anvil.ts'

/** Holders. They have no key and send nothing. */
export const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
export const BOB: Address = '0x0000000000000000000000000000000000000b0b'
/** Gets only the silent fee and the silent mint, so no event names it. */
export const CAROL: Address = '0x0000000000000000000000000000000000ca4011'
/** The first account that the spam token names as a receiver. The others follow by number. */
export const FIRST_PHANTOM = 0xfa00_0000_0000_0000n

/** Each odd token, with the contract that it is deployed as. */
const TOKENS = {
  plain: { name: 'Erc20', args: ['Plain', 'PLN', 18] },
  rebasing: { name: 'Rebasing', args: [] },
  fee: { name: 'SilentFee', args: [CAROL] },
  silent: { name: 'SilentMint', args: [] },
  wrapped: { name: 'WrappedNative', args: [] },
  bytes32: { name: 'Bytes32Metadata', args: [] },
  hostile: { name: 'HostileMetadata', args: [] },
  decimals255: { name: 'Erc20', args: ['Many', 'MANY', 255] },
  phantom: { name: 'PhantomSpam', args: [] },
  reverting: { name: 'Misbehaving', args: [0] },
  items: { name: 'Erc721', args: ['Items', 'ITM'] },
  goods: { name: 'Erc1155', args: [] },
  twoFaced: { name: 'TwoFaced', args: [] },
} as const satisfies Record<string, { name: ContractName; args: readonly unknown[] }>

type Deployed = keyof typeof TOKENS
export type OddToken = Deployed | 'upgradeable'

export type OddChain = {
  readonly anvil: Anvil
  readonly tokens: Readonly<Record<OddToken, Address>>
  /** Sends a call of a token from the deployer, in a block of its own. */
  readonly act: (token: OddToken, functionName: string, ...args: readonly unknown[]) => Promise<void>
  /** The same with native units. */
  readonly pay: (token: OddToken, functionName: string, value: bigint) => Promise<void>
  /** Replaces the code behind the upgradeable token: 8 decimals instead of 6. */
  readonly upgrade: () => Promise<void>
}

/** Starts Anvil with all tokens deployed, before any movement. */
export async function startOddChain(args: readonly string[] = []): Promise<OddChain> {
  const anvil = await startAnvil({ args })
  await placeMulticall3(anvil)
  const addresses = new Map<OddToken, Address>()
  for (const token of Object.keys(TOKENS) as Deployed[]) {
    addresses.set(token, await deploy(anvil, TOKENS[token].name, TOKENS[token].args))
  }
  const [six, eight] = [await deploy(anvil, 'UpgradeableToken', [6]), await deploy(anvil, 'UpgradeableToken', [8])]
  addresses.set('upgradeable', await deploy(anvil, 'UpgradeableProxy', [six]))
  const tokens = Object.fromEntries(addresses) as Record<OddToken, Address>
  const nameOf = (token: OddToken): ContractName => (token === 'upgradeable' ? 'UpgradeableToken' : TOKENS[token].name)
  const act: OddChain['act'] = async (token, functionName, ...args) => {
    await send(anvil, { name: nameOf(token), address: tokens[token], functionName, args })
  }
  return {
    anvil,
    tokens,
    act,
    pay: async (token, functionName, value) => {
      await send(anvil, { name: nameOf(token), address: tokens[token], functionName, value })
    },
    upgrade: () => act('upgradeable', 'upgradeTo', eight),
  }
}

/** Moves every token once, each in its own odd way. The spam token emits events for this many `phantoms`. */
export async function moveAll(chain: OddChain, phantoms: number): Promise<void> {
  const { act, pay } = chain
  await act('plain', 'mint', ALICE, 100n)
  await act('plain', 'mint', DEPLOYER, 50n)
  await act('plain', 'transfer', BOB, 20n)
  await act('rebasing', 'mint', ALICE, 1_000n)
  await act('rebasing', 'mint', BOB, 500n)
  await act('rebasing', 'rebase', 1_100_000_000_000_000_000n)
  await act('fee', 'mint', DEPLOYER, 1_000n)
  await act('fee', 'transfer', ALICE, 1_000n)
  await act('silent', 'mint', BOB, 7n)
  await act('silent', 'mintSilently', CAROL, 5n)
  await pay('wrapped', 'deposit', 7n)
  await act('wrapped', 'transfer', ALICE, 3n)
  for (const token of ['bytes32', 'hostile', 'decimals255', 'upgradeable', 'reverting'] as const) {
    await act(token, 'mint', ALICE, 2n ** 200n)
  }
  await chain.upgrade()
  await act('reverting', 'setMode', 1)
  await air(chain, phantoms)
  await moveItems(chain)
}

/** Logs in one transaction of the spam token: well below a block's gas limit. */
const PHANTOMS_PER_BLOCK = 5_000

async function air({ act }: OddChain, phantoms: number): Promise<void> {
  for (let at = 0; at < phantoms; at += PHANTOMS_PER_BLOCK) {
    const count = BigInt(Math.min(PHANTOMS_PER_BLOCK, phantoms - at))
    await act('phantom', 'airdrop', FIRST_PHANTOM + BigInt(at), count, 10n)
  }
}

async function moveItems({ act }: OddChain): Promise<void> {
  for (const id of [1n, 2n, 3n, 2n ** 256n - 1n]) await act('items', 'mint', DEPLOYER, id)
  await act('items', 'transferFrom', DEPLOYER, ALICE, 1n)
  await act('items', 'transferFrom', DEPLOYER, BOB, 2n ** 256n - 1n)
  await act('items', 'burn', 3n)
  await act('goods', 'mintBatch', DEPLOYER, [1n, 2n, 3n], [100n, 50n, 7n])
  await act('goods', 'safeBatchTransferFrom', DEPLOYER, ALICE, [1n, 3n], [40n, 7n], '0x')
  await act('goods', 'safeTransferFrom', DEPLOYER, BOB, 2n, 5n, '0x')
  await act('goods', 'burn', 1n, 10n)
  await act('twoFaced', 'mint', ALICE, 5n)
  await act('twoFaced', 'mintItem', ALICE, 77n)
}

/** The address with this number. */
export function addressOf(number: bigint): Address {
  return `0x${number.toString(16).padStart(40, '0')}`
}
