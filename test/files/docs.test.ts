import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { issueCodes } from '../../src/files/codes.ts'
import { schemas } from '../../src/files/schema.ts'
import { planCodes } from '../../src/plan/codes.ts'

const page = readFileSync('docs/rehearsal-file.md', 'utf8')

/** Every key that a schema knows, at any level. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : []
  return [...own, ...Object.values(schema).flatMap(keysOf)]
}

describe('docs/rehearsal-file.md', () => {
  const codesUnder = (heading: string) => {
    const section = page.split(/^#+ /m).find((each) => each.startsWith(`${heading}\n`)) ?? ''
    const rows = [...section.matchAll(/^\| `([\w-]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    return Object.fromEntries(rows)
  }

  it('lists every issue code with its meaning, and no other', () => {
    expect(codesUnder('Issue codes')).toEqual({ ...issueCodes, ...planCodes })
  })

  it('lists the codes of clusters and scripts that the code gives', () => {
    const source = globSync('src/{adapters,cli,controller,domain}/**/*.ts').map((file) => readFileSync(file, 'utf8'))
    const given = source.flatMap((text) =>
      [...text.matchAll(/(?:code: |issueOf\(\s*action,\s*)'([a-z-]+)'/g)].map(([, code]) => code ?? ''),
    )
    const known = Object.keys({ ...issueCodes, ...planCodes })
    const own = [...new Set(given)].filter((code) => !known.includes(code))
    expect(Object.keys(codesUnder('Issues of the cluster and the load script')).sort()).toEqual(own.sort())
  })

  it('mentions every key of both files', () => {
    const code = [...page.matchAll(/`([^`]+)`|```[\s\S]*?```/g)].map(([text]) => text).join(' ')
    const missing = [...new Set(Object.values(schemas).flatMap(keysOf))].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(code),
    )
    expect(missing).toEqual([])
  })
})
