/** What a standard of assets is, for every part that is not of one kind of chain. */
type StandardRules = {
  /** Its asset namespace in CAIP-19 (https://chainagnostic.org/CAIPs/caip-19). */
  readonly caip19: string
  /** False for a chain's native asset, which no contract issues. */
  readonly isToken: boolean
  /** True if amounts are quantities of like units, with decimals. False for a collection of items, each with an id. */
  readonly isFungible: boolean
  /** How balances are known unless a token was reclassified: as the sum of events, or only by reads of the chain. */
  readonly knownBy: 'events' | 'reads'
  /**
   * What the chain answers about the sum over all accounts. `none`: it has no call for it. `asked`: `verify` can ask for
   * it. `compared`: contracts must have it, so a difference from the journal's own sum also tells the audit something.
   */
  readonly supply: 'none' | 'asked' | 'compared'
  /** True if the chain has a call for an account's amount without an item: for a collection, its roll-up row. */
  readonly hasReadableSum: boolean
}

const STANDARD_TABLE = {
  native: {
    caip19: 'slip44',
    isToken: false,
    isFungible: true,
    knownBy: 'reads',
    supply: 'none',
    hasReadableSum: true,
  },
  erc20: {
    caip19: 'erc20',
    isToken: true,
    isFungible: true,
    knownBy: 'events',
    supply: 'compared',
    hasReadableSum: true,
  },
  erc721: {
    caip19: 'erc721',
    isToken: true,
    isFungible: false,
    knownBy: 'events',
    supply: 'asked',
    hasReadableSum: true,
  },
  erc1155: {
    caip19: 'erc1155',
    isToken: true,
    isFungible: false,
    knownBy: 'events',
    supply: 'none',
    hasReadableSum: false,
  },
  cat: {
    caip19: 'cat',
    isToken: true,
    isFungible: true,
    knownBy: 'events',
    supply: 'none',
    hasReadableSum: true,
  },
  ledger: {
    caip19: 'ledger',
    isToken: true,
    isFungible: true,
    knownBy: 'events',
    supply: 'none',
    hasReadableSum: true,
  },
} as const satisfies Readonly<Record<string, StandardRules>>

/** A standard of assets: the native asset, or what interface a token has. */
export type Standard = keyof typeof STANDARD_TABLE

/** The rules of each standard. Code outside the kinds of chains and the dialects asks these, never for a name. */
export const STANDARD_RULES: Readonly<Record<Standard, StandardRules>> = STANDARD_TABLE

/** All standards. The standard is part of an asset's identity: one contract may be two assets. */
export const STANDARDS: readonly Standard[] = ['native', 'erc20', 'erc721', 'erc1155', 'cat', 'ledger']

/** The standards of tokens: all but that of native assets. */
export const TOKEN_STANDARDS: readonly Standard[] = STANDARDS.filter((standard) => STANDARD_RULES[standard].isToken)

/** The standards whose supply the audit compares with the journal's own sum. */
export const COMPARED_STANDARDS: readonly Standard[] = STANDARDS.filter(
  (standard) => STANDARD_RULES[standard].supply === 'compared',
)

/** The standard of tokens in Uniswap's token lists (https://uniswap.org/tokenlist.schema.json). */
export const LISTED_STANDARD: Standard = 'erc20'

/** True if amounts are quantities of like units, with decimals; false for collections of items. */
export function isFungible(standard: Standard): boolean {
  return STANDARD_RULES[standard].isFungible
}

/** Returns the standard with a CAIP-19 asset namespace. */
export function standardOf(caip19: string): Standard | undefined {
  return STANDARDS.find((standard) => STANDARD_RULES[standard].caip19 === caip19)
}
