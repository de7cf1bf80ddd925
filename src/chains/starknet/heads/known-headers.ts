import type { Header } from '../../../core/block.ts'
import type { RpcSession } from '../../nodes/session.ts'
import { readHeaders, type StarknetHeader } from './headers.ts'

/** Most headers to remember: the last minutes of a chain, about 20 MB with the hashes of 500 transactions each. */
const MAX_REMEMBERED = 512

/** Remembers what headers say about their events, since a block's events are read just after its header. */
export class KnownHeaders {
  readonly #byHash = new Map<string, StarknetHeader>()

  note(headers: readonly StarknetHeader[]): void {
    for (const header of headers) {
      this.#byHash.delete(header.hash)
      this.#byHash.set(header.hash, header)
    }
    for (const oldest of this.#byHash.keys()) {
      if (this.#byHash.size <= MAX_REMEMBERED) return
      this.#byHash.delete(oldest)
    }
  }

  /** Returns these headers with what they say about events. Reads those that were forgotten. @throws NODE_* */
  async complete(session: RpcSession, headers: readonly Header[]): Promise<readonly StarknetHeader[]> {
    const unknown = headers.filter(({ hash }) => !this.#byHash.has(hash))
    const read = await readHeaders(
      session,
      unknown.map(({ hash }) => ({ hash })),
    )
    const byHash = new Map(read.map((header) => [header.hash, header]))
    return headers.flatMap(({ hash }) => byHash.get(hash) ?? this.#byHash.get(hash) ?? [])
  }
}
