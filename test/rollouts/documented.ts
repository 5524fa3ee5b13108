/** The AnalysisTemplate of docs/how-to/gate-a-release.md, as a reader would change it. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Manifest } from '../../src/lab/workload/render.ts'

type Metric = Readonly<Record<string, unknown>> & { readonly provider: { readonly web: object } }
export type Template = Manifest & {
  readonly spec: { readonly args: readonly object[]; readonly metrics: readonly [Metric] }
}

const PAGE = 'docs/how-to/gate-a-release.md'
const ADDRESS = 'http://matchday.rehearsals:7071/'

/** It asks the judge at `url`. @throws if the page has no such template, or it asks another address */
export function documentedTemplate(url: string): Template {
  const block = blockOf(/^apiVersion: argoproj\.io\/v1alpha1\nkind: AnalysisTemplate\n/)
  const template: Template = parse(askedAt(url, block))
  return { ...template, metadata: { ...template.metadata, namespace: 'shop' } }
}

/** Its metric where the run may still be under way, asked once a second. */
export const whileUnderWay = (url: string): Metric => ({
  ...documentedTemplate(url).spec.metrics[0],
  ...{ interval: '1s', count: 60, consecutiveSuccessLimit: 1, inconclusiveLimit: 59 },
})

/** The template and the step of the Rollout, where each step asks the run that follows the Rollout. */
export function documentedStep(url: string): { readonly template: Template; readonly step: object } {
  const [changes = '', step = ''] = askedAt(
    url,
    blockOf(/^ *# in the AnalysisTemplate, with an argument `release`\n/),
  ).split(/^ *# in the Rollout$/m)
  const template = documentedTemplate(url)
  const [{ provider, ...metric }] = template.spec.metrics
  const { provider: asks, ...more }: Metric = parse(changes)
  const web = { ...provider.web, ...asks.web }
  const spec = { ...template.spec, args: [...template.spec.args, { name: 'release' }] }
  return {
    template: { ...template, spec: { ...spec, metrics: [{ ...metric, ...more, provider: { web } }] } },
    step: parse(step)[0],
  }
}

function blockOf(start: RegExp): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text)
  const found = blocks.find((text) => start.test(text))
  if (found === undefined) throw new Error(`${PAGE} has no block that begins with ${start}`)
  return found
}

function askedAt(url: string, block: string): string {
  if (!block.includes(ADDRESS)) throw new Error(`${PAGE} asks another address than ${ADDRESS}`)
  return block.replace(ADDRESS, `${url}/`)
}
