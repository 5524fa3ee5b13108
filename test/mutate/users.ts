import { dirname, join } from 'node:path'

/** The files that import each file, also through others, and the file itself. Types count too: a few tests more are tried. */
export function usersOf(sources: ReadonlyMap<string, string>): Readonly<Record<string, readonly string[]>> {
  const importers = new Map<string, string[]>([...sources.keys()].map((file) => [file, []]))
  for (const [file, source] of sources)
    for (const [, path] of source.matchAll(/ from '(\.[^']+)'/g))
      importers.get(join(dirname(file), path ?? ''))?.push(file)
  const all = (file: string, found: Set<string>): Set<string> => {
    if (found.has(file)) return found
    found.add(file)
    for (const user of importers.get(file) ?? []) all(user, found)
    return found
  }
  return Object.fromEntries([...sources.keys()].map((file) => [file, [...all(file, new Set())]]))
}
