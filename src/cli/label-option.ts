import { isLabel } from '../core/label.ts'
import { UsageError } from './outcome.ts'

/** Longest name or principal, in characters: it fits a line of a list. */
const MAX_LABEL_CHARACTERS = 100

/** Returns the value of `--name` or `--principal`. @throws UsageError */
export function parseLabel(given: string): string {
  if (isLabel(given, MAX_LABEL_CHARACTERS)) return given
  const expected = `1 to ${MAX_LABEL_CHARACTERS} characters, not blank, no control or direction characters`
  throw new UsageError(`--name and --principal: expected ${expected}`)
}
