/** Limits of one connection, one request and one body, each with its reason. */
export const LIMITS = {
  /** Longest URL: 100 contract addresses, each a percent-encoded repeated parameter, take about 7,000 bytes. */
  urlBytes: 16_384,
  /** All headers together with the request line: the URL, a key, and what proxies and browsers add. */
  headerBytes: 32_768,
  /** Largest body: 20 pairs of addresses take 4,000 bytes; a wallet's metadata is the largest expected body. */
  bodyBytes: 262_144,
  /** Longer than the 60 s after which common load balancers drop an idle connection, so that they close first. */
  keepAliveMs: 65_000,
  /** Time for a new connection to send its first request line. A connection that sends nothing is closed. */
  firstLineMs: 10_000,
  /** Time for a request's headers to arrive: stops slow senders. */
  headersMs: 8_000,
  /** Time for a whole request to arrive: the largest body at 17 kB a second. */
  requestMs: 15_000,
  /** Interval of the check for late connections. */
  lateCheckMs: 1_000,
  /**
   * Time for which a connection stays open after a rejection, so that the client can read the answer before a reset.
   */
  lingerMs: 1_000,
  /** Time that a closing server waits for running requests: most callers have given up by then. */
  closeMs: 10_000,
  /** Time to answer a request, whatever it waits for: longer than one read of a node, shorter than callers wait. */
  answerMs: 7_000,
  /** An answer slower than this is logged. */
  slowMs: 1_000,
} as const

/** The limits of one server. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number }
