import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { planCodes } from '../../src/plan/codes.ts'
import { issueCodes } from '../../src/spec/codes.ts'
import { schemas } from '../../src/spec/schema.ts'

const page = readFileSync('docs/rehearsal-file.md', 'utf8')

/** Every key that a schema knows, at any level. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : []
  return [...own, ...Object.values(schema).flatMap(keysOf)]
}

describe('docs/rehearsal-file.md', () => {
  it('lists every issue code with its meaning, and no other', () => {
    const table = page.slice(page.indexOf('## Issue codes'))
    const rows = [...table.matchAll(/^\| `([\w-]+)` \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning])
    expect(Object.fromEntries(rows)).toEqual({ ...issueCodes, ...planCodes })
  })

  it('mentions every key of both files', () => {
    const code = [...page.matchAll(/`([^`]+)`|```[\s\S]*?```/g)].map(([text]) => text).join(' ')
    const missing = [...new Set(Object.values(schemas).flatMap(keysOf))].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(code),
    )
    expect(missing).toEqual([])
  })
})
