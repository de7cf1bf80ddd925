import { createRequire } from 'node:module'
import type * as ClvmWasm from 'clvm_wasm'
import { MAX_BYTES } from './clvm.ts'

/** A CAT that creates as many coins as fit into a block, 6,111, costs 350,000,000. */
const MAX_COST = 500_000_000n

/** Unknown operators fail. A node lets them do nothing, but they may be operators that are newer than this interpreter. */
const NO_UNKNOWN_OPERATORS = 0x02
/** Operators 48 to 61, such as `coinid`, which every node knows since block 5,496,000 of mainnet (CHIP-0011). */
const BLS_OPERATORS = 0x20
/** Division of negative numbers, since the same block. */
const FIXED_DIVISION = 0x80
const FLAGS = NO_UNKNOWN_OPERATORS | BLS_OPERATORS | FIXED_DIVISION

/**
 * Memory above which an interpreter is replaced. The memory of WebAssembly never shrinks; usual spends need 2 MiB, hostile
 * ones 200 MiB and more.
 */
const MAX_KEPT_BYTES = 64 * 1024 * 1024

type Instance = typeof ClvmWasm & { readonly __wasm: { readonly memory: { readonly buffer: ArrayBufferLike } } }

/** Evaluates CLVM in WebAssembly, in bounded time (decision 37). */
export class Interpreter {
  #instance: Instance | undefined

  /** The memory that the interpreter keeps, in bytes. */
  get memoryBytes(): number {
    return this.#instance?.__wasm.memory.buffer.byteLength ?? 0
  }

  /**
   * Runs a serialized program with a serialized argument. Returns its serialized result, at most `MAX_BYTES` long. Undefined
   * if it fails, costs too much, needs an operator that is not known, or has a larger result.
   */
  evaluate(program: Uint8Array, argument: Uint8Array): Uint8Array | undefined {
    this.#instance ??= newInstance()
    let result: ClvmWasm.LazyNode | undefined
    try {
      const [, node]: ClvmWasm.LazyNode[] = this.#instance.run_chia_program(program, argument, MAX_COST, FLAGS)
      result = node
      return result?.to_bytes(MAX_BYTES)
    } catch (error) {
      // A failed program throws a string. Anything else is a crash, after which the instance is not usable.
      if (typeof error !== 'string') this.#instance = undefined
      return undefined
    } finally {
      this.#release(result)
    }
  }

  #release(result: ClvmWasm.LazyNode | undefined): void {
    if (this.#instance === undefined) return
    result?.free()
    if (this.memoryBytes > MAX_KEPT_BYTES) this.#instance = undefined
  }
}

/** A new instance of the package: it makes one when it is loaded, and cannot be told to make another. */
function newInstance(): Instance {
  // Modules stay reachable from the `require` that loaded them.
  const load = createRequire(import.meta.url)
  const path = load.resolve('clvm_wasm')
  delete load.cache[path]
  return load(path)
}

const shared = new Interpreter()

/** As `Interpreter.evaluate`, by an interpreter that all callers share. */
export function evaluate(program: Uint8Array, argument: Uint8Array): Uint8Array | undefined {
  return shared.evaluate(program, argument)
}
