import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { declaredTypes, exportedTypes } from './support/type-names.ts'

/** Folders whose README.md holds a room table. */
const tabled = ['src', 'src/judge', 'src/lab']

type RoomTable = { readonly folder: string; readonly rows: ReadonlyMap<string, readonly string[]> }

/** The room table of a folder: room → rooms it may import, in the order of the table. */
function roomTable(folder: string): RoomTable {
  const rows = [
    ...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| ([a-z][\w-]*) \| .* \| (.+) \|$/gm),
  ].filter(([, room]) => room !== 'room')
  const rooms = rows.map(([, room]) => room ?? '')
  return { folder, rows: new Map(rows.map(([, room = '', allowed = '']) => [room, allowedRooms(allowed, rooms)])) }
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

/** The room of a path below a folder; a file that lies in the folder itself is in no room. */
const roomOf = (path: string, folder = 'src'): string | undefined => {
  const [room, ...rest] = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/') : []
  return rest.length > 0 ? room : undefined
}
const adapterOf = (path: string): string | undefined => /^src\/adapters\/([^/]+)\//.exec(path)?.[1]

const files = filesBelow('src')
const imports = files.flatMap(importsOf).filter(({ to }) => to.startsWith('src/'))
const told = ({ from, to, line }: Import): string => `${from}:${line} may not import ${to}`

describe.each(tabled.map(roomTable))('the room table of $folder', (table) => {
  const { folder, rows } = table
  const crossing = imports.filter(
    ({ from, to }) =>
      [from, to].every((path) => path.startsWith(`${folder}/`)) && roomOf(from, folder) !== roomOf(to, folder),
  )

  it('names exactly the rooms that exist', () => {
    const rooms = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory())
    expect([...rows.keys()].sort()).toEqual(rooms.sort())
  })

  it('allows every import between rooms', () => {
    expect(crossing.filter((each) => !isAllowed(table, each)).map(told)).toEqual([])
  })

  it('grants no permission that nobody uses', () => {
    const used = new Set(crossing.map(({ from, to }) => `${roomOf(from, folder)} → ${roomOf(to, folder)}`))
    const granted = [...rows].flatMap(([room, allowed]) =>
      room === 'cli' ? [] : allowed.map((each) => `${room} → ${each.split('/')[0]}`),
    )
    expect(granted.filter((each) => !used.has(each))).toEqual([])
  })

  it('allows a room only what stands above it, so that no imports can form a cycle', () => {
    const order = [...rows.keys()]
    const upwards = [...rows].flatMap(([room, allowed]) =>
      allowed
        .filter((each) => order.indexOf(each.split('/')[0] ?? '') > order.indexOf(room))
        .map((each) => `${room} stands above ${each} and may not import it`),
    )
    expect(upwards).toEqual([])
  })
})

describe('imports', () => {
  it('are read, so that an empty result cannot pass', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(imports.length).toBeGreaterThan(200)
    expect(roomTable('src').rows.get('judge')).toEqual(['domain'])
    expect(roomTable('src/judge').rows.get('seen')).toEqual([])
  })

  it('keeps adapters apart from each other', () => {
    const crossing = imports.filter(
      ({ from, to }) =>
        adapterOf(from) !== undefined && adapterOf(to) !== undefined && adapterOf(from) !== adapterOf(to),
    )
    expect(crossing.map(told)).toEqual([])
  })

  it('keeps the pure rooms pure: no node: modules in domain, wire, protocols, plan, judge and capacity', () => {
    const impure = files
      .filter((file) => ['domain', 'wire', 'protocols', 'plan', 'judge', 'capacity'].includes(roomOf(file) ?? ''))
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

/** One name per concept (CONTRIBUTING.md). Names that two files may export nevertheless, and why. */
const ALLOWED: Readonly<Record<string, string>> = {}

describe('the name of an exported type', () => {
  const all = exportedTypes('src/**/*.ts')

  it('is declared in one file only', () => {
    const twice = [...all].filter(([name, files]) => files.length > 1 && ALLOWED[name] === undefined)
    expect(twice).toEqual([])
  })

  it('is on the list of exceptions only while it needs to be', () => {
    expect(Object.keys(ALLOWED).filter((name) => (all.get(name)?.length ?? 0) < 2)).toEqual([])
  })

  it('is found for type aliases, interfaces and classes', () => {
    const source = `
      type Inner = string
      export type Alias<T> = T
      export interface Face {}
      export class Thing {}
      export const value: Inner = ''
      export type { Other } from './other.ts'
    `
    expect(declaredTypes(source)).toEqual(['Alias', 'Face', 'Thing'])
    expect(all.size).toBeGreaterThan(900)
  })
})

/** Files of the folder itself compose its rooms and may import all of them; no room may import such a file. */
function isAllowed({ folder, rows }: RoomTable, { from, to }: Import): boolean {
  const room = roomOf(from, folder)
  const target = roomOf(to, folder)
  if (room === undefined) return true
  const allowed = rows.get(room) ?? []
  return allowed.some((each) => each === target || (each.includes('/') && to === `${folder}/${each}.ts`))
}
