/** Keys are forgotten once in so many new windows, so that a call seldom pays for it. */
export const FORGET_EVERY = 128

/** How far two processes may be apart when they count: the one that read the clock first may write last, in milliseconds. */
export const APART_MS = 1_000
