/** `npm run size`: the longest files and functions, to look at. It reports; it never blocks. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const LOOK_AT_FILE = 200
const LOOK_AT_FUNCTION = 70

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : []
  })

/** Lines of each function that starts at the left margin: from its line to the first closing brace at the margin. */
function functionsOf(path: string, lines: readonly string[]): { readonly where: string; readonly length: number }[] {
  return lines.flatMap((line, index) => {
    const name = /^(?:export )?(?:async )?function\*? (\w+)/.exec(line)?.[1]
    if (name === undefined) return []
    const end = lines.findIndex((each, at) => at > index && each.startsWith('}'))
    return [{ where: `${path}:${index + 1} ${name}`, length: end - index + 1 }]
  })
}

const files = ['src', 'scenarios', 'test', 'bench']
  .flatMap(filesBelow)
  .map((path) => ({ path, lines: readFileSync(path, 'utf8').split('\n') }))
const long = files.filter(({ lines }) => lines.length > LOOK_AT_FILE).sort((a, b) => b.lines.length - a.lines.length)
const functions = files
  .flatMap(({ path, lines }) => functionsOf(path, lines))
  .filter(({ length }) => length >= LOOK_AT_FUNCTION)
  .sort((a, b) => b.length - a.length)

console.log(`${files.length} files, ${files.reduce((sum, { lines }) => sum + lines.length, 0)} lines`)
for (const { path, lines } of long) console.log(`${String(lines.length).padStart(5)} lines  ${path}`)
for (const { where, length } of functions) console.log(`${String(length).padStart(5)} lines  ${where}`)
