/** Experiments inside Schedule and Workflow objects, and files in which other documents stand beside the experiment. */
import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../src/domain/issue.ts'
import { readChaosFile } from '../../src/files/chaos-file.ts'
import { wholeFile } from '../../src/files/files.ts'
import { collectIssues } from '../../src/files/report.ts'
import { KINDS } from '../../src/protocols/chaos-mesh/objects.ts'
import { OTHER_KINDS } from '../../src/protocols/chaos-mesh/other-kinds.ts'

function read(text: string) {
  const issues = collectIssues()
  const file = readChaosFile({ read: () => text }, 'fault.yaml', wholeFile('fault.yaml'), issues.report)
  return { file, issues: issues.found().map(formatIssue) }
}

const HEAD = 'apiVersion: chaos-mesh.org/v1alpha1\n'
const SPEC = ['action: pod-kill', 'mode: one', 'selector: {namespaces: [shop], labelSelectors: {app: cart}}']
const indented = (by: number): string => SPEC.map((line) => `${' '.repeat(by)}${line}\n`).join('')
const bare = `${HEAD}kind: PodChaos\nmetadata: {name: kill}\nspec:\n${indented(2)}`
const schedule = `${HEAD}kind: Schedule\nmetadata: {name: kill}\nspec:\n  schedule: "@every 5m"\n  type: PodChaos\n  podChaos:\n${indented(4)}`
const workflow = (...templates: readonly string[]): string =>
  `${HEAD}kind: Workflow\nmetadata: {name: kill}\nspec:\n  entry: all\n  templates:\n${templates.join('')}`
const serial = '    - {name: all, templateType: Serial, children: [kill]}\n'
const killing = `    - name: kill\n      templateType: PodChaos\n      podChaos:\n${indented(8)}`

describe('an experiment inside another object', () => {
  const wanted = read(bare).file?.object

  it.each([
    ['a Schedule', schedule],
    ['a Workflow with one experiment', workflow(serial, killing)],
    ['a file with other documents beside it', `kind: Namespace\napiVersion: v1\nmetadata: {name: shop}\n---\n${bare}`],
  ])('is read from %s', (_, text) => {
    const { file, issues } = read(text)
    expect(issues).toEqual([])
    expect(file?.object).toEqual(wanted)
  })

  it('keeps the position of its fields', () => {
    const { file, issues } = read(schedule.replace('action: pod-kill', 'action: pod-kil'))
    expect(issues.join('\n')).toMatch(/^fault\.yaml:8 /)
    expect(file?.does).toBeUndefined()
  })

  it('is refused when a Workflow holds several', () => {
    const two = workflow(serial, killing, killing.replace('name: kill', 'name: again'))
    expect(read(two).issues.join('\n')).toMatch(/holds 2 experiments/)
  })

  it('is found for every kind of fault, by the name of its field', () => {
    const fields = ['podChaos', 'networkChaos', 'httpChaos', 'dnsChaos', 'stressChaos', 'ioChaos', 'timeChaos']
    for (const [index, kind] of KINDS.entries()) {
      const text = `${HEAD}kind: Schedule\nmetadata: {name: x}\nspec:\n  type: ${kind}\n  ${fields[index]}: {mode: one}\n`
      expect(read(text).issues.join('\n')).not.toContain('holds no experiment')
    }
  })
})

it.each(OTHER_KINDS.filter(({ kind }) => kind !== 'Schedule' && kind !== 'Workflow'))(
  '$kind is refused with what to do instead',
  ({ kind, instead }) => {
    const { issues } = read(`${HEAD}kind: ${kind}\nmetadata: {name: x}\nspec: {}\n`)
    expect(issues).toHaveLength(1)
    expect(issues[0]).toContain(instead)
  },
)
