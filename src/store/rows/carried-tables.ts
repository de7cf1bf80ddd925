/** What a bulk load carries from the tables before to those that it built: what no log tells. */

/** Tables whose rows name an asset, with their other columns. What repairs that are made again wrote to them is dropped. */
export const CARRIED_OF_ASSETS = [
  ['findings', 'id, found_at, what, block, account, item, journal, chain, says'],
  ['silences', 'since, until'],
  ['endings', 'block, again, unsure'],
  ['refuted_pairs', 'account, item, block'],
  ['refuted_assets', 'pairs, supply, lacking, supply_block'],
  ['openings', 'account, item, block, hash, amount, since'],
] as const

/** The columns of a class, beside its asset. */
export const CARRIED_TURNS = 'block, hash, reason, account, item, journal, chain, turned_at, code_at'

/** Tables that are replaced as a whole. */
export const CARRIED_WHOLE = ['heartbeat', 'places', 'log_proofs', 'in_doubt', 'repaired', 'feed'] as const
