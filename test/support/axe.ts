/** axe-core's rules on a page of the test browser. Evaluated by the debugger, so that the page's own policy need not allow it. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from './browser.ts'

type Finding = {
  id: string
  impact: string | null
  help: string
  nodes: { target: string[]; failureSummary?: string }[]
}

const source = (): string => readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Rules that were checked, and serious and critical findings: rule, what is wrong, and up to three places. `except`: a selector. */
export async function axe(
  page: Page,
  except = '#nothing',
): Promise<{ readonly passed: readonly string[]; readonly grave: readonly string[] }> {
  await page.run(`${source()};undefined`)
  const { passes, violations } = await page.run<{ passes: string[]; violations: Finding[] }>(
    `axe.run({ exclude: [['${except}']] }, { resultTypes: ['violations'] }).then(({ passes, violations }) => ({ passes: passes.map((each) => each.id), violations }))`,
  )
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return { passed: passes, grave: grave.map(words) }
}

const words = ({ id, help, nodes }: Finding): string =>
  `${id}: ${help}\n${nodes
    .slice(0, 3)
    .map(({ target, failureSummary = '' }) => `  ${target.join(' ')} ${failureSummary.replace(/\s+/g, ' ')}`)
    .join('\n')}`
