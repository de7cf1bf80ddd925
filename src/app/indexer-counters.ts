import type { AuditCounts } from '../audit/audit-counts.ts'
import type { AdapterCounts } from '../chains/adapter.ts'

/** A counter. Its name ends in `_total`, as Prometheus requires. */
type CounterWords = { readonly name: `steelyard_${string}_total`; readonly help: string }

type Counted = keyof AdapterCounts | keyof AuditCounts | 'conflicts' | 'rollbacks' | 'transfers' | 'verify_failed'

/** The counters of an indexer since it started, each with its metric name. A new counter needs an entry here. */
export const INDEXER_COUNTERS: Readonly<Record<Counted, CounterWords>> = {
  calls: { name: 'steelyard_node_requests_total', help: 'HTTP requests to nodes' },
  retries: { name: 'steelyard_node_retries_total', help: 'Requests to nodes that were retried after a failure' },
  skippedLogs: {
    name: 'steelyard_node_skipped_logs_total',
    help: 'Logs that are not valid or not among the requested events',
  },
  omittedLogs: {
    name: 'steelyard_node_omitted_transfers_total',
    help: "Transfers missing from a node's logs and taken from receipts",
  },
  receiptsSettled: {
    name: 'steelyard_node_receipts_settled_total',
    help: 'Blocks whose receipts were read because their logs looked incomplete, or as a sample',
  },
  laggingAnswers: {
    name: 'steelyard_node_lagging_answers_total',
    help: 'Answers that were rejected because the node did not have the blocks, or had other ones',
  },
  nodesExcluded: {
    name: 'steelyard_node_exclusions_total',
    help: 'How often a node was excluded because it is on another chain or refused the call',
  },
  conflicts: {
    name: 'steelyard_indexer_conflicts_total',
    help: 'How often a node had a different block than ours at the same number',
  },
  rollbacks: { name: 'steelyard_indexer_rollbacks_total', help: 'Reorgs that were rolled back' },
  transfers: { name: 'steelyard_indexer_transfers_total', help: 'Transfers written' },
  audit_rounds: { name: 'steelyard_audit_rounds_total', help: 'Audit rounds' },
  audit_errors: { name: 'steelyard_audit_failed_rounds_total', help: 'Audit rounds that failed' },
  audit_checked: { name: 'steelyard_audit_checked_total', help: 'Amounts that were compared or adopted' },
  audit_equal: { name: 'steelyard_audit_equal_total', help: "Amounts equal to the chain's" },
  audit_different: {
    name: 'steelyard_audit_different_total',
    help: "Amounts different from the chain's; the audit investigates each",
  },
  audit_adopted: { name: 'steelyard_audit_adopted_total', help: 'Amounts that were adopted from the chain' },
  audit_unchecked: { name: 'steelyard_audit_unchecked_total', help: 'Amounts that the node could not return' },
  audit_repaired: {
    name: 'steelyard_audit_repaired_total',
    help: 'Differences that missing logs explained and a repair removed',
  },
  audit_turned: {
    name: 'steelyard_audit_reclassified_total',
    help: 'Tokens reclassified to reads: their events do not explain their balances',
  },
  audit_unsteady: {
    name: 'steelyard_audit_unsteady_total',
    help: 'Differences where repeated reads did not return the same amount',
  },
  audit_failed: {
    name: 'steelyard_audit_unanswered_total',
    help: 'Differences that could not be investigated because no node answered',
  },
  audit_settled: { name: 'steelyard_audit_settled_total', help: 'Balances whose doubt was resolved' },
  audit_refetched: {
    name: 'steelyard_audit_refetched_transfers_total',
    help: 'Transfers written while blocks or logs were fetched again',
  },
  verify_failed: {
    name: 'steelyard_verify_failed_rounds_total',
    help: 'Failed rounds of the verify sampler',
  },
}
