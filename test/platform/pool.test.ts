import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it("a service loads undici's pool without its fetch, caches and mocks", () => {
  const pool = fileURLToPath(new URL('../../src/platform/shared/pool.ts', import.meta.url))
  const code = `await import(process.argv[1]); console.log(Object.keys((await import('node:module')).default._cache).join('\\n'))`
  const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', code, pool], { encoding: 'utf8' })
  expect(loaded).toContain('/undici/lib/dispatcher/pool.js')
  expect(loaded.match(/\/undici\/lib\/(web\/(fetch|websocket)|cache|mock)\/.*/g)).toBeNull()
})
