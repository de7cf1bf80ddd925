/** Records by partition, to be read once. */
export type SpillSource = {
  readonly partitions: number
  /** The file's name, for those that are made of it. */
  readonly file: string
  /** Bytes of a partition. */
  length(partition: number): number
  /** Reads a partition into `to`, in order. Returns its length. */
  read(partition: number, to: Buffer): number
  /** Reads a partition's extents in order, one behind the other into `to`, or each to its start if `isOver`. */
  extents(partition: number, to: Buffer, isOver?: boolean): Iterable<{ readonly start: number; readonly end: number }>
  /** Releases the room of a partition that was read: once for each. */
  release(partition: number): void
}
