/** One page of a search for capacity: the promise first, then load against the objectives, then every load that was measured. */
import type { CapacityResult, LoadRow } from '../capacity/result.ts'
import type { CapacitySeen } from '../capacity/seen.ts'
import { showDuration, showMeasuredPercent } from '../domain/show.ts'
import { exitCodes } from '../domain/verdict.ts'
import { loadCurve } from './draw/load-curve.ts'
import { type Html, html } from './escape/html.ts'
import { style } from './page-style.ts'

export function capacityPage(result: CapacityResult, seen: CapacitySeen): string {
  const [kind, word] = verdictOf(result.exitCode)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${`Capacity: ${result.rehearsal} · matchday`}</title>
<style>${html.own(style)}</style>
</head>
<body>
<header class="${kind}">
<p class="verdict">${word}</p>
<h1>${result.summary}</h1>
<p class="hypothesis">${`Next: ${result.next}`}</p>
${facts(result, seen)}
</header>
<main>
<section id="curve"><h2>Load and objectives</h2>
<p class="caption">Share of answers within each objective, by load. A circle held, a cross broke, a square is unproven; the line is the promise.</p>
${curves(result)}
</section>
<section id="loads"><h2>Loads</h2>${table(result)}</section>
</main>
</body>
</html>
`.text
}

function verdictOf(exitCode: number): readonly [string, string] {
  switch (exitCode) {
    case exitCodes.pass:
      return ['pass', 'PASS']
    case exitCodes.fail:
      return ['fail', 'FAIL']
    case exitCodes.notHealed:
      return ['fail', 'NOT HEALED']
    case exitCodes.aborted:
      return ['aborted', 'STOPPED']
    default:
      return ['inconclusive', 'INCONCLUSIVE']
  }
}

function facts(result: CapacityResult, { head, session }: CapacitySeen): Html {
  const { end, event, bottleneck } = result
  const rows: (readonly [string, string])[] = [
    ['rehearsal', result.rehearsal],
    ['run', result.run],
    ['entry', head?.target.entry ?? ''],
    ['started', head === undefined ? '' : `${new Date(head.at).toISOString().slice(0, 19).replace('T', ' ')} UTC`],
  ]
  if (result.withoutZone !== undefined) rows.push(['drained for all loads', result.withoutZone])
  if (end.kind === 'found') {
    const { median, low, high, spread } = end.estimate
    rows.push(['promise', `${end.promise}x, odds ${showMeasuredPercent(end.odds)}`])
    rows.push(['median limit', `${median.toPrecision(3)}x (${low.toPrecision(3)} to ${high.toPrecision(3)})`])
    rows.push(['spread between runs', showMeasuredPercent(Number(spread.toPrecision(2)))])
    rows.push(['recovery from overload', end.recovery])
  }
  if (event) rows.push(['planned event', `${event.load}x`])
  if (event?.headroom !== undefined) rows.push(['headroom', showMeasuredPercent(Number(event.headroom.toFixed(2)))])
  if (bottleneck) rows.push(['used up first', `${bottleneck.sentence}, at ${bottleneck.load}x`])
  if (session)
    rows.push(['measured', `${showDuration(session.search.measureMs)} after ${showDuration(session.settleMs)}`])
  return html`<dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function curves(result: CapacityResult): Html {
  const names = [...new Set(result.loads.flatMap(({ objectives }) => objectives.map(({ name }) => name)))]
  const promise = result.end.kind === 'found' ? result.end.promise : undefined
  return html.join(
    names.map((name) => {
      const points = result.loads.flatMap(({ load, outcome, purpose, objectives }) => {
        const counts = objectives.find((each) => each.name === name)
        if (counts === undefined || counts.answers === 0 || purpose === 'recovery') return []
        return [{ load, share: counts.within / counts.answers, outcome }]
      })
      const objective = result.loads[0]?.objectives.find((each) => each.name === name)?.objective
      return html`<figure><figcaption><h3>${name}</h3></figcaption><div class="plot">${loadCurve({ points, objective, promise, event: result.event?.load })}</div></figure>`
    }),
  )
}

const COLOURS = { held: 'good', broke: 'bad', unproven: 'warn', 'generator-limit': 'warn' } as const

function table({ loads }: CapacityResult): Html {
  const priced = loads.some(({ cost }) => cost !== undefined)
  const standing = loads.some(({ nodes }) => nodes !== undefined)
  const rows = loads.map((row) => rowOf(row, standing, priced))
  return html`<div class="scroll" role="group" aria-label="Loads" tabindex="0"><table><caption class="unseen">Loads</caption><thead><tr><th scope="col">at</th><th scope="col">load</th><th scope="col">per second</th><th scope="col">why</th><th scope="col">outcome</th><th scope="col">measured</th>${standing ? html`<th scope="col">pods</th><th scope="col">nodes</th>` : html``}${priced ? html`<th scope="col">cost per 1,000</th>` : html``}<th scope="col">reasons</th><th scope="col">most used</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function rowOf(row: LoadRow, standing: boolean, priced: boolean): Html {
  const { pods, nodes, cost, uses, overload } = row
  const sum = Object.values(pods ?? {}).reduce((total, count) => total + count, 0)
  const each = Object.entries(pods ?? {})
    .map(([app, count]) => `${app} ${count}`)
    .join(', ')
  const load = overload === undefined ? `${row.load}x` : `${row.load}x after ${overload}x`
  return html`<tr><td>${showDuration(row.atSeconds * 1000)}</td><td class="short">${load}</td><td>${row.perSecond.toPrecision(3)}</td><td>${row.purpose}</td><td class="${COLOURS[row.outcome]}">${row.outcome}</td><td>${showDuration(row.measuredSeconds * 1000)}</td>${standing ? html`<td title="${each}">${String(sum)}</td><td>${String(nodes ?? 0)}</td>` : html``}${priced ? html`<td>${cost === undefined ? '' : `${cost.per1000.toPrecision(3)} ${cost.currency}`}</td>` : html``}<td>${row.reasons.join('; ')}</td><td>${uses[0]?.sentence ?? ''}</td></tr>`
}
