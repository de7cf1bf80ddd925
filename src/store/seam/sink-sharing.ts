/** Where another thread writes rows of a sink. It can be passed there. */
export type SinkPlace = { readonly file: string; readonly memory: SharedArrayBuffer }

/** Rows that divide pages, one after the other: whole runs of pages in the file, and what follows them. */
export type DividerLog = { readonly runs: readonly number[]; readonly rest: Uint8Array }

/**
 * A range of rows that follow each other: rows; leaf pages, each with a divider behind it, from `from` to `to` of the log
 * of dividers; rows.
 */
export type TreeRange = {
  readonly before: readonly Uint8Array[]
  readonly from: number
  readonly to: number
  readonly after: readonly Uint8Array[]
}

/** What another thread wrote of a table: ranges in the order of their keys. */
export type WrittenTree = { readonly ranges: readonly TreeRange[]; readonly dividers: DividerLog }

/** What another thread wrote, and the pages that it took and does not use. It can be passed back. */
export type WrittenRows = {
  /** By table. */
  readonly trees: ReadonlyMap<string, WrittenTree>
  readonly free: readonly number[]
}

/** How a sink lets another thread write some of its rows. */
export interface SinkSharing {
  readonly place: SinkPlace
  /** Adds what the other thread wrote: rows behind all that their tables have. */
  join(rows: WrittenRows): void
}
