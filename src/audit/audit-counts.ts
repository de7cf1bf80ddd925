/** Counts of the audit's work since the process started, by metric name. */
export type AuditCounts = {
  audit_checked: number
  audit_equal: number
  audit_different: number
  audit_adopted: number
  audit_unchecked: number
  audit_repaired: number
  audit_turned: number
  audit_unsteady: number
  audit_failed: number
  audit_settled: number
  audit_refetched: number
  audit_rounds: number
  audit_errors: number
}

/** Returns counts of zero. */
export function noAuditCounts(): AuditCounts {
  return {
    audit_checked: 0,
    audit_equal: 0,
    audit_different: 0,
    audit_adopted: 0,
    audit_unchecked: 0,
    audit_repaired: 0,
    audit_turned: 0,
    audit_unsteady: 0,
    audit_failed: 0,
    audit_settled: 0,
    audit_refetched: 0,
    audit_rounds: 0,
    audit_errors: 0,
  }
}
