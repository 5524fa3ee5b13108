/** The command without load: files, flags, and capacity on paper. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { capacityResult } from '../../src/capacity/result.ts'
import { outputSchemas } from '../../src/cli/output-schemas.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { performed } from '../support/command.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { recordedSearch } from './recorded.ts'

function written(text: string, name = 'points.yaml'): string {
  const path = join(tempFolder(), name)
  writeFileSync(path, text)
  return path
}

const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(
  outputSchemas['capacity.schema.json'] ?? {},
)
const wrongIn = (document: unknown): readonly unknown[] => {
  validate(document)
  return validate.errors ?? []
}

const HEAD = 'apiVersion: matchday.dev/v1\nkind: CapacityPoints\nspec:\n  of: payments-api\n'
const points = (more = ''): string =>
  `${HEAD}  points:\n${[1, 2, 3, 4].flatMap((n) => [0.99, 1, 1.01].map((noise) => `    - {replicas: ${n}, capacity: ${20 * n * noise}}`)).join('\n')}\n${more}`

describe('matchday capacity --model', () => {
  it('forecasts a range, in text and as the published JSON', async () => {
    const file = written(points('  predict: [6]\n'))
    const text = await performed('capacity', '--model', file)
    expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/6 replicas: \d+\/s to \d+\/s/) })
    const { code, stdout } = await performed('capacity', '--model', file, '-o', 'json')
    expect(code).toBe(0)
    expect(wrongIn(JSON.parse(stdout))).toEqual([])
  })

  it('refuses what is too far, with exit code 3, and stops at a ceiling', async () => {
    const far = await performed('capacity', '--model', written(points('  predict: [6, 9]\n')))
    expect(far).toMatchObject({ code: 3, stdout: expect.stringContaining('9 replicas: no forecast') })
    const capped = written(points('  ceilings: [{name: database pool, capacity: 90}]\n  predict: [6]\n'))
    const { stdout } = await performed('capacity', '--model', capped)
    expect(stdout).toContain('at most 90/s, the ceiling database pool')
  })

  it('names all problems of a bad file at once, each with its line', async () => {
    const bad = written(`${HEAD}  points:\n    - {replicas: none, capacity: 10}\n    - {replicas: 2, capacity: -1}\n`)
    const { code, stderr } = await performed('capacity', '--model', bad)
    expect(code).toBe(2)
    expect(stderr).toMatch(/points\.yaml:6/)
    expect(stderr).toMatch(/points\.yaml:7/)
  })

  it('reads its points from stored searches with different numbers of pods', async () => {
    const folders = await Promise.all([1, 2, 3].map((pods) => storedSearch(pods)))
    const { code, stdout } = await performed('capacity', '--model', ...folders, '-o', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      of: 'orders',
      points: [{ replicas: 1 }, { replicas: 2 }, { replicas: 3 }],
    })
  })
})

async function storedSearch(pods: number): Promise<string> {
  const folder = join(tempFolder(), `run-${pods}`)
  mkdirSync(folder)
  const { records } = recordedSearch({
    limit: 20 * pods,
    beside: (_, at) =>
      Array.from({ length: pods }, (_, index) => ({
        kind: 'object-seen' as const,
        at: at as never,
        change: 'present' as const,
        object: {
          resource: 'Pod' as const,
          namespace: 'shop',
          name: `orders-${index}`,
          uid: `orders-${index}`,
          app: 'orders',
          labels: {},
          podPhase: 'Running',
          ready: true,
          deleting: false,
          restarts: 0,
        },
      })),
  })
  const journal = await openJournal(join(folder, 'journal.ndjson'))
  for (const record of records) await journal.append(record)
  await journal.close()
  return folder
}

describe('a capacity file', () => {
  const file = (spec: string): string =>
    written(`apiVersion: matchday.dev/v1\nkind: Capacity\nmetadata: {name: x}\nspec:\n${spec}`, 'x.capacity.yaml')

  it('gives all its problems at once, each with its line', async () => {
    const bad = file('  rehearsal: nowhere.rehearsal.yaml\n  event: 3\n  search: {resolution: 90%, measure: 1s}\n')
    const { code, stderr } = await performed('capacity', bad, '--url', 'http://127.0.0.1:1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/:6 missing-unit/)
    expect(stderr.match(/:7 out-of-range/g)).toHaveLength(2)
  })

  it('is refused before any load when its objectives could never be proven', async () => {
    const rehearsal = join(process.cwd(), 'test/capacity/orders.rehearsal.yaml')
    const few = file(`  rehearsal: ${rehearsal}\n  search: {from: 0.1x, measure: 10s}\n`)
    const { code, stderr } = await performed('capacity', few, '--url', 'http://127.0.0.1:1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/objective-unprovable/)
    expect(stderr).toMatch(/needs 59 good answers; at 0.1x there are 30/)
  })

  it('refuses to take a zone away where there is no cluster', async () => {
    const rehearsal = join(process.cwd(), 'test/capacity/orders.rehearsal.yaml')
    const lessOne = file(`  rehearsal: ${rehearsal}\n  withZones: N-1\n`)
    const { code, stderr } = await performed('capacity', lessOne, '--url', 'http://127.0.0.1:1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/:6 no-cluster\n {2}a zone can only be drained in a cluster\./)
    const other = await performed(
      'capacity',
      file(`  rehearsal: ${rehearsal}\n  withZones: N-2\n`),
      '--url',
      'http://127.0.0.1:1',
    )
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/:6 wrong-value/) })
  })

  it('needs a cluster or a URL', async () => {
    expect((await performed('capacity', 'test/capacity/orders.capacity.yaml')).code).toBe(2)
  })
})

it('the result of a search is as the published schema says', () => {
  for (const limit of [0.1, 40])
    expect(wrongIn(JSON.parse(JSON.stringify(capacityResult(recordedSearch({ limit }).seen))))).toEqual([])
})
