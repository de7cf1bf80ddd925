/**
 * Selectors of events and functions: `sn_keccak` of the name, which is Keccak-256 modulo 2^250.
 * Source: https://docs.starknet.io/learn/protocol/cryptography (Starknet Keccak)
 */

/** The first key of events, as minimal felts. The number of keys and felts of data tells the layouts apart. */
export const EVENTS = {
  Transfer: '0x99cd8bde557814842a3121e8ddfd433a539b8c9f14bf31ebf108d12e6196e9',
  TransferSingle: '0x182d859c0807ba9db63baf8b9d9fdbfeb885d820be6e206b9dab626d995c433',
  TransferBatch: '0x2563683c757f3abe19c4b7237e2285d8993417ddffe0b54a19eb212ea574b08',
  Upgraded: '0x2db340e6c609371026731f47050d3976552c89b4fbb012941663841c59d1af3',
} as const
/** The name of an event. */
export type EventName = keyof typeof EVENTS

/** The events that move tokens. */
export const TRANSFER_SELECTORS: readonly string[] = [EVENTS.Transfer, EVENTS.TransferSingle, EVENTS.TransferBatch]

/** Functions of tokens, as minimal felts. Early contracts spell them in camel case. */
export const FUNCTIONS = {
  balance_of: '0x35a73cd311a05d46deda634c5ee045db92f811b4e74bca4437fcb5302b7af33',
  balanceOf: '0x2e4263afad30923c891518314c3c95dbe830a16874e8abc5777a9a20b54c76e',
  total_supply: '0x1557182e4359a1f0c6301278e8f5b35a776ab58d39892581e357578fb287836',
  totalSupply: '0x80aa9fdbfaf9615e4afc7f5f722e265daca5ccc655360fa5ccacf9c267936d',
  owner_of: '0x3552df12bdc6089cf963c40c4cf56fbfd4bd14680c244d1c5494c2790f1ea5c',
  ownerOf: '0x2962ba17806af798afa6eaf4aa8c93a9fb60a3e305045b6eea33435086cae9',
  supports_interface: '0xfe80f537b66d12a00b6d3c072b44afbb716e78dde5c3f0ef116ee93d3e3283',
  supportsInterface: '0x29e211664c0b63c79638fbea474206ca74016b3e9a3dc4f9ac300ffd8bdf2cd',
  name: '0x361458367e696363fbcc70777d07ebbd2394e89fd0adcaf147faccd1d294d60',
  symbol: '0x216b05c387bab9ac31918a3e61672f4618601f3c598a2f3f2710f37053e1ea4',
  decimals: '0x4c4fb1ab068f6039d5780c68dd0fa2f8742cceb3426d19667778ca7f3518a9',
} as const
/** The name of a function. */
export type FunctionName = keyof typeof FUNCTIONS

/**
 * The id of ERC-721 by SRC-5: the selectors of its functions, signatures included, XORed.
 * Source: https://github.com/starknet-io/SNIPs/blob/main/SNIPS/snip-5.md
 */
export const SRC5_ERC721 = '0x33eb2f84c309543403fd69f0d0f363781ef06ef6faeb0131ff16ea3175bd943'
/** The id of ERC-721 by ERC-165, which Cairo 0 contracts register. */
export const ERC165_ERC721 = '0x80ac58cd'
