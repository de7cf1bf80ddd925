/** Most pieces of memory that are kept, and most bytes of each: those of the answers of a backfill. */
const MAX_KEPT = 4
const MAX_BYTES = 16 * 1024 * 1024
const FIRST_BYTES = 64 * 1024

/**
 * Memory for bodies, used again. Fresh memory for each of many large answers costs more than reading them: its pages must
 * be mapped and cleared.
 */
export class BodyMemory {
  readonly #kept: Buffer[] = []

  /** Returns memory for one body. `length`: the expected bytes. */
  take(length: number): BodyBytes {
    return new BodyBytes(this.#kept.pop() ?? Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, length)))
  }

  /** Takes back the memory of a body that nobody looks at any more. */
  give({ memory }: BodyBytes): void {
    if (this.#kept.length < MAX_KEPT && memory.length <= MAX_BYTES) this.#kept.push(memory)
  }
}

/** The bytes of one body, which grow by chunks. */
export class BodyBytes {
  memory: Buffer
  length = 0

  constructor(memory: Buffer) {
    this.memory = memory
  }

  /** Appends a copy of a chunk. */
  add(chunk: Uint8Array): void {
    const end = this.length + chunk.length
    if (end > this.memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.memory.length))
      this.memory.copy(larger, 0, 0, this.length)
      this.memory = larger
    }
    this.memory.set(chunk, this.length)
    this.length = end
  }

  /** All bytes so far. */
  bytes(): Buffer {
    return this.memory.subarray(0, this.length)
  }
}
