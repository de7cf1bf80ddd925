import { parseExactly } from '../../json/exact-json.ts'
import type { Node, NodeOptions } from '../../net/node.ts'
import { createRouteNode } from '../../net/route-node.ts'

/** A client for a full node's RPC: one route per call, with amounts that a float cannot hold. */
export function makeChiaNode(options: NodeOptions): Node {
  return createRouteNode(options, parseExactly)
}
