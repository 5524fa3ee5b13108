/** How many files a sample fault kind, action, cause and SLI are named in: what a new one touches (docs/adr/0026). */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : []
  })
const texts = filesBelow('src').map((path) => [path, readFileSync(path, 'utf8')] as const)
const naming = (pattern: RegExp, rooms = /^src\//): readonly string[] =>
  texts.filter(([path, text]) => rooms.test(path) && pattern.test(text)).map(([path]) => path)

describe('the files that a new one touches', () => {
  it.each([
    ['a kind of fault that the lab does not enact', 'TimeChaos', 2],
    ['a kind of fault that the lab enacts', 'DNSChaos', 4],
  ])('%s', (_, kind, most) => {
    const files = naming(new RegExp(kind))
    expect(files).toContain(`src/protocols/chaos-mesh/kinds/${kind.replace('Chaos', '-chaos').toLowerCase()}.ts`)
    expect(files.length, files.join('\n')).toBeLessThanOrEqual(most)
  })

  it('an action', () => {
    const files = naming(/'power-off'|powerOff/, /^src\/(?!lab|platform)/)
    expect(files).toEqual(['src/domain/action.ts', 'src/files/acts.ts', 'src/journal/format/rehearsal-shape.ts'])
  })

  it('an action: no room asks for its kind, but the rule of a release of its own', () => {
    expect(naming(/\bact\??\.kind\b/)).toEqual(['src/domain/action.ts', 'src/judge/reactions/release.ts'])
  })

  it('a cause', () => {
    const files = naming(/'backlog-growing'/)
    expect(files.length, files.join('\n')).toBeGreaterThan(0)
    expect(files.length, files.join('\n')).toBeLessThanOrEqual(3)
  })

  it('an SLI of requests: none; the journal alone names one that earlier formats had built in', () => {
    const files = naming(/'login'/, /^src\/(domain|plan|judge|report|controller|adapters|journal|files)\//)
    expect(files).toEqual(['src/journal/format/upgrade.ts'])
  })
})
