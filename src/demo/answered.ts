/** A request to try, and what it just answered. */
export type Answered = { readonly command: string; readonly answer: string }
