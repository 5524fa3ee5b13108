/**
 * Whether the alerts that a rehearsal expects can be judged: Prometheus has their rules, and each budget is longer than its rule takes. Found before the
 * load: afterwards a missing rule looks like an alert that did not fire.
 */
import { type AlertReaction, type AlertRule, alertReactions, asksForAlerts } from '../domain/alert.ts'
import type { Issue } from '../domain/issue.ts'
import type { PrometheusTarget, Rehearsal, Target } from '../domain/rehearsal.ts'
import { showDuration } from '../domain/show.ts'
import type { Probes } from './ports.ts'
import type { Sight } from './sight.ts'

export async function lookAtAlerts(
  { probes }: { readonly probes: Probes },
  target: Target,
  rehearsal: Rehearsal | undefined,
): Promise<readonly Sight[]> {
  const [at] = (rehearsal && asksForAlerts(rehearsal)) ?? []
  const { prometheus } = target
  // Without a Prometheus the files do not fit together, which is an issue already.
  if (rehearsal === undefined || at === undefined || prometheus === undefined) return []
  const read = await probes.rules(prometheus)
  if (!read.ok) {
    const problem = `The alerting rules of Prometheus can't be read: ${read.problem}.`
    const next = `Compare with prometheus in ${target.file}. The server must answer /api/v1/rules, which a server that only stores samples does not have.`
    return [
      { kind: 'alert', name: 'rules', state: 'unreadable', issue: { at, code: 'source-unreadable', problem, next } },
    ]
  }
  return alertReactions(rehearsal).map((expected) => sightOf(expected, read.rules, prometheus))
}

function sightOf(expected: AlertReaction, rules: readonly AlertRule[], prometheus: PrometheusTarget): Sight {
  const { alert: name } = expected
  const named = rules.filter(({ alert }) => alert === name)
  const fitting = named.filter((rule) => canHave(rule, expected))
  const issue =
    named.length === 0
      ? missing(expected, rules)
      : fitting.length === 0
        ? otherLabels(expected, named)
        : tooSoon(expected, fitting, prometheus)
  return issue === undefined
    ? { kind: 'alert', name, state: 'read' }
    : { kind: 'alert', name, state: 'unreadable', issue }
}

const MOST_SHOWN = 10

function missing({ alert, at }: AlertReaction, rules: readonly AlertRule[]): Issue {
  const names = [...new Set(rules.map((rule) => rule.alert))].sort()
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : ''
  const has = names.length === 0 ? 'It has no alerting rules' : `It has ${names.slice(0, MOST_SHOWN).join(', ')}${more}`
  const problem = `Prometheus has no alerting rule ${alert}.`
  return { at, code: 'alert-rule-missing', problem, next: `${has}. Load the rule there, or expect another alert.` }
}

/** A label of the rule may be a template, whose value is known only when it fires. */
const canHave = ({ labels }: AlertRule, expected: AlertReaction): boolean =>
  Object.entries(expected.labels).every(([name, value]) => {
    const own = labels[name]
    return own === undefined || own === value || own.includes('{{')
  })

function otherLabels({ alert, labels, at }: AlertReaction, named: readonly AlertRule[]): Issue {
  const own = named.map((rule) => JSON.stringify(rule.labels)).join(' and ')
  const problem = `The alert ${alert} is expected with the labels ${JSON.stringify(labels)}, and its rule sets ${own}.`
  return { at, code: 'alert-rule-missing', problem, next: 'Expect the labels that the rule sets.' }
}

/**
 * A change is scraped, then seen by an evaluation, and holds for the time that the rule asks for. A budget below that cannot be met.
 */
function tooSoon(
  expected: AlertReaction,
  rules: readonly AlertRule[],
  { scrapeMs }: PrometheusTarget,
): Issue | undefined {
  const fires = expected.kind === 'alerts'
  const ruleMs = ({ everyMs, forMs, keepMs }: AlertRule) => everyMs + (fires ? forMs : keepMs)
  const [least] = rules.toSorted((a, b) => ruleMs(a) - ruleMs(b))
  if (least === undefined || expected.withinMs > ruleMs(least) + scrapeMs) return undefined
  const wait = fires ? `for ${showDuration(least.forMs)}` : `keep_firing_for ${showDuration(least.keepMs)}`
  const parts = `${wait}, evaluated every ${showDuration(least.everyMs)}, scraped every ${showDuration(scrapeMs)}`
  const problem = `The alert ${expected.alert} cannot ${fires ? 'fire' : 'resolve'} within ${showDuration(expected.withinMs)}: ${parts}.`
  const next = `Allow more than ${showDuration(ruleMs(least) + scrapeMs)}, or change the rule.`
  return { at: expected.at, code: 'alert-too-soon', problem, next }
}
