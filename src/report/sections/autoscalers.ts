/** The reaction of each HPA, step by step, each step with its own budget. */
import type { AutoscalerResult, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { counted, inSeconds } from '../words.ts'
import { cell, held, row, section, table } from './markup.ts'

export function autoscalers(judgment: Judgment): Html {
  if (judgment.autoscalers.length === 0) return html``
  return section('reactions', 'Autoscaler reaction', html`${judgment.autoscalers.map(part)}`)
}

function part(scaler: AutoscalerResult): Html {
  return html`<h3>${scaler.name} on ${scaler.phase}</h3><p>Wanted up to ${scaler.peakDesired} pods, ready up to ${scaler.peakReady}.${calm(scaler)}</p>${stepTable(scaler.steps, `${scaler.name} on ${scaler.phase}`)}`
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

export const stepTable = (steps: readonly Step[], name: string): Html =>
  table(
    ['step', 'after', 'budget', 'held'],
    steps.map((step) =>
      row([
        cell(step.name.replace('-', ' ')),
        cell(inSeconds(step.afterMs)),
        cell(step.budgetMs === undefined ? '–' : inSeconds(step.budgetMs)),
        step.budgetMs === undefined ? cell('–') : held(step.held),
      ]),
    ),
    name,
  )
