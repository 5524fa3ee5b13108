/** Names of the types that sources export. */
import { globSync, readFileSync } from 'node:fs'
import { parseAst } from 'vitest/node'

/** Each name with the files that declare it. Re-exports do not count. */
export function exportedTypes(pattern: string): ReadonlyMap<string, readonly string[]> {
  const found = globSync(pattern).flatMap((file) =>
    declaredTypes(readFileSync(file, 'utf8')).map((name) => ({ name, file })),
  )
  const perName = Map.groupBy(found, ({ name }) => name)
  return new Map([...perName].map(([name, places]) => [name, places.map(({ file }) => file).sort()]))
}

export const declaredTypes = (source: string): readonly string[] =>
  parseAst(source, { lang: 'ts' }).body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined
    switch (declared?.type) {
      case 'TSTypeAliasDeclaration':
      case 'TSInterfaceDeclaration':
        return [declared.id.name]
      case 'ClassDeclaration':
        return declared.id ? [declared.id.name] : []
      default:
        return []
    }
  })
