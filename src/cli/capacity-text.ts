/** A search for capacity, and capacity on paper, as text for a terminal. */
import type { Law } from '../capacity/model/curve.ts'
import type { Forecast, Model } from '../capacity/model/forecast.ts'
import type { CapacityResult, LoadRow } from '../capacity/result.ts'
import type { MeasuredLoad } from '../capacity/seen.ts'
import type { AskedLoad } from '../domain/capacity.ts'
import { showDuration } from '../domain/show.ts'
import { exitCodes } from '../domain/verdict.ts'
import { type Paint, type TerminalText, term, termLines } from './terminal.ts'

const MARKS = { held: 'green', broke: 'red', unproven: 'yellow', 'generator-limit': 'yellow' } as const

const wordOf = (result: CapacityResult): string => {
  switch (result.exitCode) {
    case exitCodes.pass:
      return 'PASS'
    case exitCodes.fail:
      return 'FAIL'
    case exitCodes.aborted:
      return 'STOPPED'
    case exitCodes.notHealed:
      return 'NOT HEALED'
    default:
      return 'INCONCLUSIVE'
  }
}

export function capacityText(result: CapacityResult, folder: string, paint: Paint): readonly TerminalText[] {
  const rows = [...result.loads].sort((a, b) => a.load - b.load || a.atSeconds - b.atSeconds)
  const used = result.bottleneck
  return [
    term`${paint('bold', wordOf(result))} ${termLines(result.summary)}`,
    term`  Next: ${termLines(result.next)}`,
    ...(used ? [term`  First used up, at ${String(used.load)}x: ${used.sentence}`] : []),
    term``,
    ...rows.map((row) => rowText(row, paint)),
    term``,
    term`report: ${folder}/capacity.html`,
  ]
}

const padded = (text: string, width: number): string => text.padStart(width)

function rowText(row: LoadRow, paint: Paint): TerminalText {
  const { load, perSecond, purpose, outcome, reasons, nodes, pods, cost, measuredSeconds } = row
  const standing = nodes === undefined ? '' : `, ${sumOf(pods ?? {})} pods on ${nodes} nodes`
  const price = cost === undefined ? '' : `, ${cost.per1000.toPrecision(3)} ${cost.currency} per 1,000`
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`
  return term`  ${padded(`${load}x`, 7)} ${padded(`${Number(perSecond.toPrecision(3))}/s`, 9)}  ${paint(MARKS[outcome], outcome.padEnd(15))} ${purpose}, ${showDuration(measuredSeconds * 1000)}${standing}${price}${why}`
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0)

export function askedText({ step, load, purpose, overload }: AskedLoad): TerminalText {
  const after = overload === undefined ? '' : ` after an overload of ${overload}x`
  return term`load ${String(step)}: ${String(load)}x${after} (${purpose})`
}

export function measuredText({ load, outcome, proof }: MeasuredLoad, paint: Paint): TerminalText {
  const why = proof.reasons.length === 0 ? '' : `: ${proof.reasons.join('; ')}`
  return term`  ${String(load)}x ${paint(MARKS[outcome], outcome)}${why}`
}

const LAW_NAMES: Readonly<Record<Law, string>> = { linear: 'linear', amdahl: 'Amdahl', usl: 'USL' }

export function modelText(model: Model, of: string, unit: string, paint: Paint): readonly TerminalText[] {
  const laws = model.laws.map(({ law, coefficients, sigma, refused }) => {
    const { gamma, alpha, beta } = coefficients
    const fitted = `γ ${gamma.toPrecision(4)}, α ${alpha.toPrecision(3)}, β ${beta.toPrecision(3)}, σ ${(sigma * 100).toFixed(1)} %`
    return term`  ${LAW_NAMES[law].padEnd(7)} ${fitted}${refused === undefined ? '' : `: left out, ${refused}`}`
  })
  return [
    term`${paint('bold', 'Capacity on paper')}: replicas of ${of}, ${String(model.points.length)} points`,
    ...laws,
    ...model.forecasts.map((each) => forecastText(each, unit, paint)),
    ...model.notes.map((note) => term`  ${note}`),
  ]
}

function forecastText(forecast: Forecast, unit: string, paint: Paint): TerminalText {
  const name = padded(`${forecast.replicas}`, 4)
  const shown = (value: number) => `${Number(value.toPrecision(3))}${unit}`
  switch (forecast.kind) {
    case 'range':
      return term`${name} replicas: ${paint('bold', `${shown(forecast.low)} to ${shown(forecast.high)}`)} (95 %)`
    case 'ceiling':
      return term`${name} replicas: at most ${shown(forecast.ceiling.capacity)}, the ceiling ${forecast.ceiling.name}; at least ${shown(forecast.low)}`
    case 'refused':
      return term`${name} replicas: ${paint('yellow', 'no forecast')}, ${forecast.reason}. Next: ${forecast.next}`
  }
}
