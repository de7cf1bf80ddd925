import type { Dialect } from './dialect.ts'
import { type Failure, HTTP_STATUS } from './errors.ts'

/** The tag of our own calls in the documentation. */
export const OWN_TAG = 'Steelyard'

/** The server's own error format, for paths outside all dialects: `{"error":"Not found"}`. */
export const OWN: Dialect = {
  name: 'steelyard',
  prefixes: [],
  register: () => undefined,
  tag: OWN_TAG,
  examples: async () => ({ values: {} }),
  renderError: (failure: Failure) => ({ status: HTTP_STATUS[failure.code], body: { error: failure.message } }),
}
