import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import ts from 'typescript'

/** Tracked and new files of the project, without ignored ones, as paths from its root. */
export function projectFiles(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
  return listed.split('\n').filter((file) => file !== '' && existsSync(file))
}

/** A parsed TypeScript file. */
export type Source = { readonly file: string; readonly text: string; readonly tree: ts.SourceFile }

/** The project's own TypeScript. */
export function typescriptSources(files: readonly string[]): readonly Source[] {
  return files
    .filter((file) => /^(src|test|bench|scripts)\/.*\.ts$/.test(file))
    .map((file) => {
      const text = readFileSync(file, 'utf8')
      return { file, text, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) }
    })
}

/** Every node of a tree, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  for (const child of children) yield* nodesOf(child)
}

/** The `file:line` of a node. */
export function placeOf({ file, tree }: Source, node: ts.Node): string {
  return `${file}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`
}
