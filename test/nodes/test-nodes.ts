import { afterEach } from 'vitest'
import { type Answer, type ScriptedNode, startScriptedNode } from './scripted-node.ts'

/** Returns a function that starts scripted nodes. They stop after each test of the file. */
export function stoppedAfterEach(): (answer: Answer) => Promise<ScriptedNode> {
  const nodes: ScriptedNode[] = []
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
  })
  return async (answer) => {
    const started = await startScriptedNode(answer)
    nodes.push(started)
    return started
  }
}
