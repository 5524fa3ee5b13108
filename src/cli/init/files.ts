/** The first files of a user's own repository, from what was found in a cluster. Pure: nothing is written here. */
import { join, relative } from 'node:path/posix'
import type { Survey } from '../../adapters/kubernetes/survey.ts'
import { targetPath } from '../../files/target.ts'
import { chooseFrom } from './choice.ts'
import { MARK } from './text.ts'
import { chaosText, type Paths, rehearsalText, scriptText, targetText } from './texts.ts'

export type InitFile = { readonly path: string; readonly text: string }
/** A marked line. */
export type OpenQuestion = { readonly file: string; readonly line: number; readonly question: string }
export type FirstFiles = {
  readonly rehearsal: string
  readonly files: readonly InitFile[]
  readonly decisions: readonly OpenQuestion[]
}

export type Setting = {
  /** Where the files go, relative to the working folder. */
  readonly folder: string
  /** Name of the npm package, for the script's import and the editor's schemas. */
  readonly packageName: string
  /** Where requests come in, if the cluster is the lab. */
  readonly labEntry?: string
}

/** Undefined where there is no workload to begin with. */
export function firstFiles(survey: Survey, { folder, packageName, labEntry }: Setting): FirstFiles | undefined {
  const choice = chooseFrom(survey, labEntry)
  if (choice === undefined) return undefined
  const paths = pathsOf(folder, choice.name, survey.context)
  const schemaFor = (path: string, name: string): string =>
    relative(join(path, '..'), join('node_modules', packageName, 'schemas', name))
  const files: readonly InitFile[] = [
    {
      path: paths.target,
      text: targetText(survey, choice, schemaFor(paths.target, 'target.schema.json'), labEntry !== undefined),
    },
    {
      path: paths.rehearsal,
      text: rehearsalText(survey, choice, paths, schemaFor(paths.rehearsal, 'rehearsal.schema.json')),
    },
    { path: paths.script, text: scriptText(choice, `${packageName}/k6`) },
    { path: paths.fault, text: chaosText(survey, choice) },
  ]
  return { rehearsal: paths.rehearsal, files, decisions: files.flatMap(decisionsIn) }
}

function pathsOf(folder: string, name: string, context: string): Paths {
  const rehearsal = join(folder, 'scenarios', `${name}-pod-kill.rehearsal.yaml`)
  return {
    target: targetPath(rehearsal, context),
    rehearsal,
    script: join(folder, 'scenarios', `${name}.ts`),
    fault: join(folder, 'chaos', `${name}-pod-kill.yaml`),
  }
}

const decisionsIn = ({ path, text }: InitFile): readonly OpenQuestion[] =>
  text.split('\n').flatMap((line, index) => {
    const at = line.indexOf(MARK)
    return at < 0 ? [] : [{ file: path, line: index + 1, question: line.slice(at + MARK.length).trim() }]
  })
