import type { AuditCounts } from '../audit/audit-counts.ts'
import type { AdapterCounts } from '../chains/adapter.ts'

/** A counter of the metrics: its name ends in `_total`, as Prometheus wants it. */
type CounterWords = { readonly name: `steelyard_${string}_total`; readonly help: string }

type Counted = keyof AdapterCounts | keyof AuditCounts | 'conflicts' | 'rollbacks' | 'transfers' | 'verify_failed'

/** What an indexer counts since it started, each with a name of its own. A new count has to be named here. */
export const INDEXER_COUNTERS: Readonly<Record<Counted, CounterWords>> = {
  calls: { name: 'steelyard_node_requests_total', help: 'HTTP requests to nodes' },
  retries: { name: 'steelyard_node_retries_total', help: 'Requests to nodes that were sent again after a failure' },
  skippedLogs: {
    name: 'steelyard_node_skipped_logs_total',
    help: 'Logs that are none of the events that were asked for, or no logs at all',
  },
  omittedLogs: {
    name: 'steelyard_node_omitted_transfers_total',
    help: "Transfers that a node's logs left out and that were taken from receipts",
  },
  receiptsSettled: {
    name: 'steelyard_node_receipts_settled_total',
    help: 'Blocks whose receipts were asked for because their logs were doubtful, or as a sample',
  },
  laggingAnswers: {
    name: 'steelyard_node_lagging_answers_total',
    help: 'Answers that were not taken because the node did not have the blocks, or had others',
  },
  nodesExcluded: {
    name: 'steelyard_node_exclusions_total',
    help: "Times that a node was left out as another chain's, or because it refused us",
  },
  conflicts: {
    name: 'steelyard_indexer_conflicts_total',
    help: 'Times that a node had another block than ours at the same height',
  },
  rollbacks: { name: 'steelyard_indexer_rollbacks_total', help: 'Reorgs that were followed' },
  transfers: { name: 'steelyard_indexer_transfers_total', help: 'Transfers that were written' },
  audit_rounds: { name: 'steelyard_audit_rounds_total', help: 'Rounds of the audit' },
  audit_errors: { name: 'steelyard_audit_failed_rounds_total', help: 'Rounds of the audit that failed' },
  audit_checked: { name: 'steelyard_audit_checked_total', help: 'Amounts that were compared or adopted' },
  audit_equal: { name: 'steelyard_audit_equal_total', help: 'Amounts that were what the chain says' },
  audit_different: { name: 'steelyard_audit_different_total', help: 'Amounts that differed, each looked into' },
  audit_adopted: { name: 'steelyard_audit_adopted_total', help: 'Amounts that were taken from the chain' },
  audit_unchecked: { name: 'steelyard_audit_unchecked_total', help: 'Amounts that the node could not tell' },
  audit_repaired: { name: 'steelyard_audit_repaired_total', help: 'Differences that missing logs explained' },
  audit_turned: {
    name: 'steelyard_audit_reclassified_total',
    help: 'Tokens that were found to have balances that only reads tell',
  },
  audit_unsteady: {
    name: 'steelyard_audit_unsteady_total',
    help: 'Differences of which the node did not say the same twice',
  },
  audit_failed: {
    name: 'steelyard_audit_unanswered_total',
    help: 'Differences that could not be looked into because the node did not answer',
  },
  audit_settled: { name: 'steelyard_audit_settled_total', help: 'Balances that are in doubt no more' },
  audit_refetched: {
    name: 'steelyard_audit_refetched_transfers_total',
    help: 'Transfers that were written while all blocks were fetched again',
  },
  verify_failed: {
    name: 'steelyard_verify_failed_rounds_total',
    help: 'Rounds of the sampler of balances that failed',
  },
}
