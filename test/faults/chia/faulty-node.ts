import { ChiaNode } from '../../../src/demo/chia/node.ts'
import type { Draw } from '../../../src/demo/draw.ts'
import type { RecordedBlock } from '../../chia/node/recorder.ts'
import { type Arrived, type Reply, startRoutes } from '../../nodes/scripted-node.ts'
import type { Moody } from '../moods.ts'
import type { Connect, Connectable } from '../network.ts'
import { WHOLE } from '../proxy.ts'
import { type Branches, BranchView } from './branches.ts'

/** Faults of single answers that a Chia node may have, besides those of any HTTP server. */
const PASSING = [
  'a failure without words that anybody knows',
  'null with success',
  'empty object',
  'a spend missing',
  'a coin missing from the additions',
  'a page without its cursor',
  'a page whose cursor repeats',
  'of a block that it has not',
  'of another network',
] as const
type Passing = (typeof PASSING)[number]

/** While there is trouble, one answer in this many gets one of them. */
const FAULT_EVERY = 30
/** How many blocks a lagging machine behind the same address is behind. */
const LAG_BLOCKS = 5
/**
 * The look-ups of coins begin with this. They do not lag alone: their answers name no block, so that would be a wrong amount that
 * nobody can notice, and nodes give none (decision 26).
 */
const COINS = '/get_coin_record'

/** A Chia node that sees heads late, and whose answers go wrong. */
export class FaultyChiaNode {
  readonly #view: BranchView
  readonly #node: ChiaNode
  readonly #draw: Draw
  /** Faults of answers that happened, by name. */
  readonly happened = new Map<string, number>()
  isTroubled = false

  constructor(branches: Branches, draw: Draw) {
    this.#view = new BranchView(branches)
    this.#node = new ChiaNode(this.#view)
    this.#draw = draw
  }

  show(head: RecordedBlock): void {
    this.#view.show(head)
  }

  /** Answers, with the faults of a mood. `isRight`: it never claims to be of another network. */
  reply(path: string, text: string, { moody, isRight }: { readonly moody: Moody; readonly isRight: boolean }): Reply {
    const fault = moody.draw(arrivedAs(path, text), isRight)
    const whole = fault === undefined ? undefined : WHOLE[fault]
    if (whole !== undefined) return whole
    if (fault === 'pace') return { text: JSON.stringify({ success: false, error: 'Too many requests' }), status: 429 }
    this.#node.options = fault === 'lagging' && !path.startsWith(COINS) ? { lag: LAG_BLOCKS } : {}
    const { status, body, type } = this.#node.answer(path, text)
    const sent = status === 200 ? this.#spoiled(path, body, isRight) : body
    return {
      status,
      text: fault === 'cut JSON' ? sent.slice(0, Math.floor(sent.length * 0.7)) : sent,
      headers: { 'content-type': type },
    }
  }

  #spoiled(path: string, body: string, isRight: boolean): string {
    if (!this.isTroubled || !this.#draw.oneIn(FAULT_EVERY)) return body
    const name = this.#draw.of(PASSING)
    const spoiled = isRight && name === 'of another network' ? undefined : spoil(name, path, body)
    if (spoiled === undefined) return body
    this.happened.set(name, (this.happened.get(name) ?? 0) + 1)
    return spoiled
  }
}

/** A Chia node. `onReply` gets each answer as it is sent. */
export function overRoutes(
  node: FaultyChiaNode,
  onReply: (path: string, reply: Reply) => void,
): Connectable<RecordedBlock> {
  const connect: Connect = (moody, isRight) =>
    startRoutes((path, text) => {
      const reply = node.reply(path, text, { moody, isRight })
      onReply(path, reply)
      return reply
    })
  return { node, connect }
}

function arrivedAs(path: string, text: string): Arrived {
  const call = { id: 0, method: path.slice(1), params: [] }
  return { nth: 0, batch: false, calls: [call], text, path, authorization: undefined }
}

/** The text of an answer with a fault; undefined if the fault does not apply to it. */
function spoil(name: Passing, path: string, body: string): string | undefined {
  switch (name) {
    case 'a failure without words that anybody knows':
      return '{"success":false,"error":"the hamster is tired","traceback":"…"}'
    case 'null with success':
      return body.replace(/^\{"(\w+)":.*$/s, '{"$1":null,"error":null,"success":true}')
    case 'empty object':
      return '{}'
    case 'a spend missing':
      return path === '/get_block_spends' ? without(body, 'block_spends') : undefined
    case 'a coin missing from the additions':
      return path === '/get_additions_and_removals' ? without(body, 'removals') : undefined
    case 'a page without its cursor':
      return body.startsWith('{"coin_records"') ? body.replace(/\}$/, ',"truncated":true}') : undefined
    case 'a page whose cursor repeats':
      return body.startsWith('{"coin_records"')
        ? body.replace(/\}$/, ',"truncated":true,"next_cursor":"again"}')
        : undefined
    case 'of a block that it has not':
      return '{"success":false,"error":"Block height 1 not found in chain","traceback":"…"}'
    case 'of another network':
      return path === '/get_network_info' ? body.replace('simulator0', 'testnet11') : undefined
  }
}

/** An answer whose list lacks its first item; undefined if the list is empty. The text has no braces in strings. */
function without(body: string, field: string): string | undefined {
  const start = body.indexOf(`"${field}":[{`)
  if (start < 0) return undefined
  const from = body.indexOf('[', start) + 1
  let depth = 0
  for (let at = from; at < body.length; at++) {
    if (body[at] === '{') depth++
    if (body[at] === '}' && --depth === 0) {
      const end = body[at + 1] === ',' ? at + 2 : at + 1
      return body.slice(0, from) + body.slice(end)
    }
  }
  return undefined
}
