/** The function that shows stored amounts. */
export const AMOUNT_NUMBER = `
  -- The number that a stored amount means: a length byte, 0x80 and more for zero and above, then the digits of base 256.
  CREATE FUNCTION amount_number(stored bytea) RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  DECLARE
    sum numeric := 0;
    is_negative boolean := get_byte(stored, 0) < 128;
    digit integer;
  BEGIN
    FOR at IN 1 .. length(stored) - 1 LOOP
      digit := get_byte(stored, at);
      sum := sum * 256 + CASE WHEN is_negative THEN 255 - digit ELSE digit END;
    END LOOP;
    RETURN CASE WHEN is_negative THEN -sum ELSE sum END;
  END $$;
  `

/** The CAIP-19 name of an asset `a` of the chain `c`, and of its item. */
function nameOf(item: string): string {
  return `c.chain || '/' || a.standard || ':' || a.reference || CASE WHEN ${item} = '' THEN '' ELSE '/' || amount_number(${item}) END`
}

/** The names of CHAIN_VIEWS. */
export const CHAIN_VIEW_NAMES = ['token_balances', 'token_transfers']

/**
 * The views of a chain with nodes, for analysts. `token_balances` is of the block `as_of`; its amounts are null where answers
 * would not come from the journal either: what the chain refuted, tokens that were reclassified to reads, cannot be read
 * or were destroyed once, and all while the chain is in doubt or no audit has looked at it. It has no destroyed tokens, and no accounts whose history is not complete. It does not
 * know which tokens the configuration fixes. An account is shown as its bytes: on Chia, its puzzle hash.
 */
export const CHAIN_VIEWS = `${AMOUNT_NUMBER}
  -- For analysts: who holds what, with the CAIP-19 name of the asset or item and the amount in base units as a number.
  CREATE VIEW token_balances AS
    SELECT '0x' || encode(b.account, 'hex') AS account, ${nameOf('b.item')} AS asset,
      CASE WHEN coalesce(d.chain, 0) = 0 AND coalesce(d.unlooked, 0) = 0
        AND NOT EXISTS (SELECT 1 FROM endings e WHERE e.asset = b.asset)
        AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.asset = b.asset)
        AND NOT EXISTS (SELECT 1 FROM silences s WHERE s.asset = b.asset AND s.until IS NULL)
        AND NOT EXISTS (SELECT 1 FROM refuted_assets r WHERE r.asset = b.asset)
        AND NOT EXISTS (SELECT 1 FROM refuted_pairs p WHERE p.asset = b.asset AND p.account = b.account AND p.item = b.item)
        THEN amount_number(b.amount)::numeric(78, 0) END AS amount,
      b.last_block, k.number AS as_of
    FROM balances b JOIN assets a ON a.id = b.asset CROSS JOIN chain c CROSS JOIN clock k LEFT JOIN in_doubt d ON d.one = k.one
    WHERE NOT EXISTS (SELECT 1 FROM endings e WHERE e.asset = b.asset AND e.again IS NULL)
      AND NOT EXISTS (SELECT 1 FROM followed f WHERE f.account = b.account AND (f.through IS NOT NULL OR f.leaving = 1));

  -- For analysts: what moved. No sender: minted. No receiver: burnt.
  CREATE VIEW token_transfers AS
    SELECT t.block, t.log, t.sub, to_timestamp(k.timestamp) AS at, ${nameOf('t.item')} AS asset,
      '0x' || encode(t.sender, 'hex') AS sender, '0x' || encode(t.receiver, 'hex') AS receiver,
      amount_number(t.amount)::numeric(78, 0) AS amount, '0x' || encode(t.hash, 'hex') AS hash
    FROM transfers t JOIN assets a ON a.id = t.asset JOIN blocks k ON k.number = t.block CROSS JOIN chain c;
  `
