import ts from 'typescript'
import type { Source } from './sources.ts'

/** The interfaces of the seam to the store, with the number of methods that each declares. */
export function seamInterfaces(
  sources: readonly Source[],
): readonly { readonly name: string; readonly methods: number }[] {
  return sources
    .filter(({ file }) => file.startsWith('src/store/seam/'))
    .flatMap(({ tree }) => [...tree.statements])
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .map(({ name, members }) => ({ name: name.text, methods: members.filter(isMethod).length }))
}

// A property whose type is a function is called like a method.
function isMethod(member: ts.TypeElement): boolean {
  if (ts.isMethodSignature(member)) return true
  return ts.isPropertySignature(member) && member.type !== undefined && ts.isFunctionTypeNode(member.type)
}
