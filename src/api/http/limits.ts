/** What one connection, one request and one body may cost. Each has its reason. */
export const LIMITS = {
  /** Longest URL: 100 contract addresses, each a percent-encoded repeated parameter, take about 7,000 bytes. */
  urlBytes: 16_384,
  /** All headers together with the request line: the URL, a key, and what proxies and browsers add. */
  headerBytes: 32_768,
  /** Longest segment of a path: an address or an opaque id of 256 characters, percent-encoded. */
  pathSegmentBytes: 1_024,
  /** Largest body: 20 pairs of addresses take 4,000 bytes; a wallet's metadata is the largest that we foresee. */
  bodyBytes: 262_144,
  /** Above the 60 s after which usual load balancers drop an idle connection, so that they close first. */
  keepAliveMs: 65_000,
  /** A new connection must have sent its first request line by then; one that sends nothing is closed. */
  firstLineMs: 10_000,
  /** A request's headers must have arrived by then: stops those who dribble. */
  headersMs: 8_000,
  /** A request must have arrived whole by then: the largest body at 17 kB a second. */
  requestMs: 15_000,
  /** How often connections are looked at for those that are late. */
  lateCheckMs: 1_000,
  /** A refused connection is kept so long, so that its answer is read before it is reset. */
  lingerMs: 1_000,
  /** A server that closes waits so long for what is under way: most callers have given up by then. */
  closeMs: 10_000,
  /** A request is answered by then, whatever it waits for: above the time of one read of a node, below what callers wait. */
  answerMs: 7_000,
  /** An answer slower than this is logged. */
  slowMs: 1_000,
} as const

/** The limits of one server. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number }
