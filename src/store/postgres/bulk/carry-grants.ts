import { text } from '../../rows/columns.ts'
import type { Transaction } from '../database.ts'

/** What others may do with the tables and views of a schema, and with the schema itself, as statements for another schema. */
const GRANTS = `SELECT format('GRANT %s ON %s TO %s%s', privilege_type, place,
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM (
    SELECT format('SCHEMA %I', ?::text) AS place, n.nspowner AS owner, a.* FROM pg_namespace n, aclexplode(n.nspacl) a
      WHERE n.nspname = ?
    UNION ALL SELECT format('TABLE %I.%I', ?::text, t.relname), t.relowner, a.* FROM pg_class t
      JOIN pg_namespace n ON n.oid = t.relnamespace, aclexplode(t.relacl) a WHERE n.nspname = ? AND t.relkind IN ('r', 'v')
  ) AS granted WHERE grantee <> owner`

/** Grants on the tables and views of a schema what is granted on those of another one, which they replace. */
export async function carryGrants(queries: Transaction, from: string, to: string): Promise<void> {
  for (const [grant] of await queries.all(GRANTS, to, from, to, from)) await queries.exec(text(grant))
}
