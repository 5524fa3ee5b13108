/** The reaction of each HPA, step by step, each step with its own budget. */
import type { AutoscalerResult, Judgment } from '../../domain/verdict.ts'
import { escapeXml } from '../draw/xml.ts'
import { counted, inSeconds } from '../words.ts'
import { cell, held, row, section, table } from './markup.ts'

export function autoscalers(judgment: Judgment): string {
  if (judgment.autoscalers.length === 0) return ''
  return section('reactions', 'Autoscaler reaction', judgment.autoscalers.map(part).join(''))
}

function part(scaler: AutoscalerResult): string {
  return `<h3>${escapeXml(scaler.name)} on ${escapeXml(scaler.phase)}</h3><p>Wanted up to ${scaler.peakDesired} pods, ready up to ${scaler.peakReady}.${escapeXml(calm(scaler))}</p>${stepTable(scaler.steps)}`
}

function calm({ turns, calmMs }: AutoscalerResult): string {
  const turned = turns === undefined ? [] : [`It changed direction ${counted(turns, 'time')}`]
  const calmed = calmMs === undefined ? [] : [`it was down again ${inSeconds(calmMs)} after the phase`]
  return turned.length + calmed.length === 0 ? '' : ` ${[...turned, ...calmed].join('; ')}.`
}

type Step = {
  readonly name: string
  readonly afterMs?: number
  readonly budgetMs?: number
  readonly held: boolean
}

export const stepTable = (steps: readonly Step[]): string =>
  table(
    ['step', 'after', 'budget', ''],
    steps.map((step) =>
      row([
        cell(step.name.replace('-', ' ')),
        cell(inSeconds(step.afterMs)),
        cell(step.budgetMs === undefined ? '–' : inSeconds(step.budgetMs)),
        step.budgetMs === undefined ? cell('–') : held(step.held),
      ]),
    ),
  )
