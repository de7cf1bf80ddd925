import type { Walk, WalkLimits } from '../store/seam/audits.ts'

/**
 * Limits of each walk per round. With four holders per token, a round at a new head reaches every token of a chain that
 * has up to 50.
 */
export const WALK_LIMITS: Readonly<Record<Walk, WalkLimits>> = {
  holders: { keys: 200, perToken: 4 },
  doubts: { keys: 50, perToken: 5 },
  openings: { keys: 200, perToken: 50 },
  rereads: { keys: 100, perToken: 25 },
  all: { keys: 200, perToken: 200 },
}
/** Walks at a new head. The walk `all` is added until it is complete. */
export const HEAD_WALKS = ['holders', 'doubts', 'openings', 'rereads'] as const satisfies readonly Walk[]
/** Walks that continue at an unchanged head. The walk `all` is added until it is complete. */
export const PAUSED_WALKS = ['doubts'] as const satisfies readonly Walk[]
