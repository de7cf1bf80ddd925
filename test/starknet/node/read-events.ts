import { fieldsOf } from '../../../src/demo/starknet/json-rpc.ts'
import type { StarknetBlock } from '../../../src/demo/starknet/state.ts'
import type { NodeWorld } from './world.ts'

/** All events of a range, page by page. */
export async function readEvents({ ask }: NodeWorld, filter: object): Promise<readonly unknown[]> {
  const events: unknown[] = []
  let token: unknown
  do {
    const answer = await ask('starknet_getEvents', [
      { chunk_size: 100, ...filter, ...(token === undefined ? {} : { continuation_token: token }) },
    ])
    const page = fieldsOf(answer.get('result'))
    const some: unknown = page.get('events')
    if (Array.isArray(some)) events.push(...some)
    token = page.get('continuation_token')
  } while (token !== undefined)
  return events
}

/** The blocks of a branch, from the first one to its head. */
export function blocksOf(head: StarknetBlock): readonly StarknetBlock[] {
  const blocks: StarknetBlock[] = []
  for (let at: StarknetBlock | undefined = head; at !== undefined; at = at.parent) blocks.push(at)
  return blocks.reverse()
}
