import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The room table of src/README.md: room → rooms it may import (`*` means all, less the ones after `but`). */
function roomTable(): Map<string, ReadonlySet<string>> {
  const rows = [...readFileSync('src/README.md', 'utf8').matchAll(/^\| (\w+) \| .* \| (.+) \|$/gm)].filter(
    ([, room]) => room !== 'room',
  )
  const rooms = rows.map(([, room]) => room ?? '')
  return new Map(rows.map(([, room = '', allowed = '']) => [room, new Set(allowedRooms(allowed, rooms))]))
}

function allowedRooms(text: string, rooms: readonly string[]): readonly string[] {
  if (text === 'nothing') return []
  const everything = /^everything but (.+)$/.exec(text)
  if (everything) return rooms.filter((room) => !everything[1]?.split(', ').includes(room))
  return text.split(', ')
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesBelow(path)
    return /\.(ts|mts|mjs)$/.test(name) ? [path] : []
  })

type Import = { readonly from: string; readonly to: string; readonly line: number }

/** Static and dynamic imports and re-exports by relative path. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => ({
    from: file,
    to: relative('.', resolve(dirname(file), match[1] ?? '')),
    line: text.slice(0, match.index).split('\n').length,
  }))
}

const roomOf = (path: string): string => /^src\/([^/]+)/.exec(path)?.[1] ?? path
const folderOf = (path: string): string | undefined => /^src\/adapters\/([^/]+)\//.exec(path)?.[1]

const table = roomTable()
const files = filesBelow('src')
const imports = files.flatMap(importsOf).filter(({ to }) => to.startsWith('src/'))

describe('the room table', () => {
  it('names exactly the rooms that exist', () => {
    const rooms = readdirSync('src').filter((name) => statSync(join('src', name)).isDirectory())
    expect([...table.keys()].sort()).toEqual(rooms.sort())
  })

  it('is read with its imports, so that an empty result cannot pass', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(imports.length).toBeGreaterThan(200)
    expect(table.get('judge')).toEqual(new Set(['domain']))
  })

  it('allows every import between rooms', () => {
    const forbidden = imports
      .filter(({ from, to }) => !isAllowed(from, to))
      .map(({ from, to, line }) => `${from}:${line} may not import ${to}`)
    expect(forbidden).toEqual([])
  })

  it('keeps adapters apart from each other', () => {
    const crossing = imports.filter(
      ({ from, to }) => folderOf(from) !== undefined && folderOf(to) !== undefined && folderOf(from) !== folderOf(to),
    )
    expect(crossing.map(({ from, to, line }) => `${from}:${line} may not import ${to}`)).toEqual([])
  })

  it('keeps the pure rooms pure: no node: modules in domain, wire, protocols, plan and judge', () => {
    const impure = files
      .filter((file) => ['domain', 'wire', 'protocols', 'plan', 'judge'].includes(roomOf(file)))
      .filter((file) => /from 'node:|import\('node:/.test(readFileSync(file, 'utf8')))
    expect(impure).toEqual([])
  })

  it('lets scenarios import only k6, domain and wire', () => {
    const foreign = filesBelow('scenarios')
      .flatMap(importsOf)
      .filter(({ to }) => !/^(scenarios|src\/domain|src\/wire)\//.test(to))
    expect(foreign).toEqual([])
  })
})

function isAllowed(from: string, to: string): boolean {
  const room = roomOf(from)
  const target = roomOf(to)
  if (room === target) return true
  const allowed = table.get(room) ?? new Set()
  return allowed.has(target) || [...allowed].some((each) => each.includes('/') && to === `src/${each}.ts`)
}
