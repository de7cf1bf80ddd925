import type { Draw } from '../../src/demo/draw.ts'
import { type Answer, type Arrived, type Reply, startForgetfulNode } from '../nodes/scripted-node.ts'
import { MOODS, type Mood, Moody, SOUND } from './moods.ts'
import { oddly } from './odd-answers.ts'
import { faulty, type HealthyNode } from './proxy.ts'

/** A node of any kind of chain: `show` sets a new head. */
export type ChainNode<Block> = { readonly show: (head: Block) => void }

/** A node on a socket. */
type Socket = { readonly url: string; readonly stop: () => Promise<void> }

/** Puts a node on a socket, with the faults of its mood. `isRight`: it never claims to be of another chain. */
export type Connect = (moody: Moody, isRight: boolean) => Promise<Socket>

/** A node, and how it is put on a socket. */
export type Connectable<Block> = { readonly node: ChainNode<Block>; readonly connect: Connect }

type Member<Block> = {
  readonly node: ChainNode<Block>
  readonly moody: Moody
  readonly server: Socket
  due: Due<Block>[]
}
type Due<Block> = { readonly atMs: number; readonly head: Block }

/** The observer of the answers to the server. `onReply` gets each reply as it is sent; `omitted` is as in `Oddity`. */
export type Witness = {
  readonly onReply: (arrived: Arrived, reply: Reply) => void
  readonly omitted: (contract: string) => void
}

/** How long a mood lasts, in milliseconds. */
const MOOD_MS = [2_000, 9_000] as const

/** Several nodes on sockets. Each sees heads late, lies and fails according to its mood. */
export class Network<Block> {
  readonly #members: readonly Member<Block>[]
  readonly #draw: Draw
  #calm = true
  #timer: NodeJS.Timeout | undefined

  private constructor(members: readonly Member<Block>[], draw: Draw) {
    this.#members = members
    this.#draw = draw
  }

  static async start<Block>(nodes: readonly Connectable<Block>[], draw: Draw): Promise<Network<Block>> {
    const members = nodes.map(async ({ node, connect }, place): Promise<Member<Block>> => {
      const moody = new Moody(draw)
      // The first node never claims to be of another chain: if all nodes were, the chain would rightly stop.
      const server = await connect(moody, place === 0)
      return { node, moody, server, due: [] }
    })
    const network = new Network(await Promise.all(members), draw)
    network.#timer = setInterval(() => network.#deliver(), 20)
    return network
  }

  get urls(): readonly string[] {
    return this.#members.map(({ server }) => server.url)
  }

  /** Announces a new head to all nodes. Each sees it when its mood allows. */
  announce(head: Block): void {
    for (const member of this.#members) {
      const [least, most] = member.moody.mood.lateMs
      member.due.push({ atMs: Date.now() + this.#draw.between(least, most), head })
    }
  }

  /** Gives the nodes moods until `calm`. */
  trouble(): void {
    this.#calm = false
    for (const member of this.#members) this.#nextMood(member)
  }

  /** Makes all nodes sound, and shows them the head at once. */
  calm(head: Block): void {
    this.#calm = true
    for (const member of this.#members) {
      member.moody.mood = SOUND
      member.due = []
      member.node.show(head)
    }
  }

  /** Faults that happened, by name. */
  happened(): ReadonlyMap<string, number> {
    const sum = new Map<string, number>()
    for (const { moody } of this.#members) {
      for (const [name, count] of moody.happened) sum.set(name, (sum.get(name) ?? 0) + count)
    }
    return sum
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#calm = true
    await Promise.all(this.#members.map(({ server }) => server.stop()))
  }

  #nextMood(member: Member<Block>): void {
    if (this.#calm) return
    member.moody.mood = this.#draw.of<Mood>(MOODS)
    setTimeout(() => this.#nextMood(member), this.#draw.between(...MOOD_MS)).unref()
  }

  #deliver(): void {
    const now = Date.now()
    for (const member of this.#members) {
      // A late head is not shown after a newer one.
      const heard = member.due.findLastIndex(({ atMs }) => atMs <= now)
      const newest = member.due[heard]
      if (newest === undefined) continue
      member.node.show(newest.head)
      member.due = member.due.slice(heard + 1)
    }
  }
}

/** A node of JSON-RPC. */
export function overJsonRpc<Block>(
  node: HealthyNode & ChainNode<Block>,
  { onReply, omitted }: Witness,
): Connectable<Block> {
  const connect: Connect = (moody, isRight) =>
    startForgetfulNode(watched(oddly(faulty(node, moody, isRight), { draw: () => moody.drawOdd(), omitted }), onReply))
  return { node, connect }
}

function watched(answer: Answer, onReply: (arrived: Arrived, reply: Reply) => void): Answer {
  return async (arrived) => {
    const reply = await answer(arrived)
    onReply(arrived, reply)
    return reply
  }
}
