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
  /** A request must have arrived whole by then: stops those who dribble. */
  requestMs: 30_000,
  /** A server that closes waits so long for what is under way: most callers have given up by then. */
  closeMs: 10_000,
  /** An answer slower than this is logged. */
  slowMs: 1_000,
} as const
