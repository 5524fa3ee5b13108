/** `matchday capacity --model`: a forecast from points in a file, or from stored searches that had different numbers of replicas. */
import { statSync } from 'node:fs'
import { modelOf } from '../capacity/model/forecast.ts'
import type { Issue } from '../domain/issue.ts'
import { exitCodes } from '../domain/verdict.ts'
import { type CapacityPoints, parseCapacityPoints } from '../files/capacity-points.ts'
import { resultIn } from './capacity-folder.ts'
import { modelText } from './capacity-text.ts'
import { BadInput } from './failure.ts'
import { readInputFile } from './input-file.ts'
import { jsonText, onStdout, print } from './terminal.ts'

/** Exit code 0: every number of replicas has a forecast; 3: at least one was refused. */
export async function modelOnPaper(paths: readonly string[], output: string): Promise<number> {
  const { of, unit, points, ceilings, predict } = await pointsIn(paths)
  const largest = Math.max(...points.map(({ replicas }) => replicas))
  const model = modelOf(points, ceilings, predict.length > 0 ? predict : [largest + 1, largest * 2])
  if (output === 'json') print(jsonText({ format: 1, of, unit, ...model }))
  else for (const line of modelText(model, of, unit, onStdout)) print(line)
  return model.forecasts.some(({ kind }) => kind === 'refused') ? exitCodes.inconclusive : exitCodes.pass
}

async function pointsIn(paths: readonly string[]): Promise<CapacityPoints> {
  const [first] = paths
  if (paths.length === 1 && first !== undefined && !isFolder(first)) {
    const parsed = parseCapacityPoints({ read: readInputFile }, first)
    if (!parsed.ok) throw new BadInput(parsed.issues)
    return parsed.value
  }
  return pointsOfRuns(paths)
}

/** The bottleneck of each search tells whose replicas count: the workload with the most different numbers of pods among them. */
async function pointsOfRuns(folders: readonly string[]): Promise<CapacityPoints> {
  const results = await Promise.all(folders.map(async (folder) => ({ folder, result: await resultIn(folder) })))
  const issues = results.flatMap(({ folder, result }): readonly Issue[] =>
    result.promisedPerSecond === undefined
      ? [issueAt(folder, `its search found no promise: ${result.summary}`, 'leave it out, or search again.')]
      : [],
  )
  if (issues.length > 0) throw new BadInput(issues)
  const rows = results.flatMap(({ result }) => {
    const at = result.loads.findLast(({ purpose, outcome }) => purpose === 'hold' && outcome === 'held')
    return [{ capacity: result.promisedPerSecond ?? 0, pods: at?.pods ?? {} }]
  })
  const apps = [...new Set(rows.flatMap(({ pods }) => Object.keys(pods)))]
  const kinds = (app: string) => new Set(rows.map(({ pods }) => pods[app] ?? 0)).size
  const [of] = apps.toSorted((a, b) => kinds(b) - kinds(a))
  if (of === undefined || kinds(of) < 2)
    throw new BadInput([
      issueAt(
        folders.join(' '),
        'no workload had different numbers of pods.',
        'scale one workload between the searches.',
      ),
    ])
  const points = rows.map(({ capacity, pods }) => ({ replicas: pods[of] ?? 0, capacity }))
  return { of, unit: '/s', points, ceilings: [], predict: [] }
}

const issueAt = (file: string, problem: string, next: string): Issue => ({
  at: { file, line: 0, column: 0 },
  code: 'wrong-value',
  problem,
  next,
})

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
