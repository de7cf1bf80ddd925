import type { AuditCounts } from '../audit/audit-counts.ts'
import type { AdapterCounts } from '../chains/adapter.ts'

/** A counter. Its name ends in `_total`, as Prometheus requires. */
type CounterWords = { readonly name: `steelyard_${string}_total`; readonly help: string }

type Counted = keyof AdapterCounts | keyof AuditCounts | 'conflicts' | 'rollbacks' | 'transfers' | 'verify_failed'

/** The counters of an indexer since it started, each with its metric name. A new counter needs an entry here. */
export const INDEXER_COUNTERS: Readonly<Record<Counted, CounterWords>> = {
  calls: { name: 'steelyard_node_requests_total', help: 'HTTP requests to nodes' },
  retries: { name: 'steelyard_node_retries_total', help: 'Requests to nodes repeated after a failure' },
  skippedLogs: {
    name: 'steelyard_node_skipped_logs_total',
    help: 'Logs of other events than requested, or malformed logs',
  },
  omittedLogs: {
    name: 'steelyard_node_omitted_transfers_total',
    help: "Transfers missing from a node's logs and taken from receipts",
  },
  receiptsSettled: {
    name: 'steelyard_node_receipts_settled_total',
    help: 'Blocks with receipts read because their logs were doubtful, or as a sample',
  },
  laggingAnswers: {
    name: 'steelyard_node_lagging_answers_total',
    help: 'Answers rejected because the node had not reached the blocks, or had others',
  },
  nodesExcluded: {
    name: 'steelyard_node_exclusions_total',
    help: 'Times a node was excluded: it was of another chain, or it refused us',
  },
  conflicts: {
    name: 'steelyard_indexer_conflicts_total',
    help: 'Times a node reported another block than ours at the same height',
  },
  rollbacks: { name: 'steelyard_indexer_rollbacks_total', help: 'Reorgs followed' },
  transfers: { name: 'steelyard_indexer_transfers_total', help: 'Transfers written' },
  audit_rounds: { name: 'steelyard_audit_rounds_total', help: 'Rounds of the audit' },
  audit_errors: { name: 'steelyard_audit_failed_rounds_total', help: 'Rounds of the audit that failed' },
  audit_checked: { name: 'steelyard_audit_checked_total', help: 'Amounts compared or adopted' },
  audit_equal: { name: 'steelyard_audit_equal_total', help: 'Amounts equal to the amount on the chain' },
  audit_different: { name: 'steelyard_audit_different_total', help: 'Amounts that differed, each investigated' },
  audit_adopted: { name: 'steelyard_audit_adopted_total', help: 'Amounts adopted from the chain' },
  audit_unchecked: { name: 'steelyard_audit_unchecked_total', help: 'Amounts that the node could not report' },
  audit_repaired: { name: 'steelyard_audit_repaired_total', help: 'Differences explained by missing logs' },
  audit_turned: {
    name: 'steelyard_audit_reclassified_total',
    help: 'Tokens reclassified: their balances are known only by reads',
  },
  audit_unsteady: {
    name: 'steelyard_audit_unsteady_total',
    help: 'Differences with a different answer of the node on the second read',
  },
  audit_failed: {
    name: 'steelyard_audit_unanswered_total',
    help: 'Differences not investigated because the node did not answer',
  },
  audit_settled: { name: 'steelyard_audit_settled_total', help: 'Balances no longer in doubt' },
  audit_refetched: {
    name: 'steelyard_audit_refetched_transfers_total',
    help: 'Transfers written while all blocks were fetched again',
  },
  verify_failed: {
    name: 'steelyard_verify_failed_rounds_total',
    help: 'Failed rounds of the balance sampler',
  },
}
