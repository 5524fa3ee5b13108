/** The head of the live page: phase, clock, what comes next; and the verdict when the run is over. */
import { type Html, html } from '../escape/html.ts'
import type { DrawnHarm } from '../harms.ts'
import { clock, wordsOf } from '../words.ts'
import type { Shown } from './panels.ts'

export type Headline = { readonly title: string; readonly status: string; readonly now: Html }

export function headline(shown: Shown): Headline {
  switch (shown.run) {
    case 'running':
      return running(shown)
    case 'gone':
      return gone(shown)
    case 'over':
      return over(shown)
  }
}

function running(shown: Shown): Headline {
  const { seen, state } = shown
  const total = seen.started.timeline.totalMs / 1000
  const name = seen.started.rehearsal.name
  if (state.zeroAt === undefined)
    return { title: `starting · ${name}`, status: 'The run is starting.', now: html`<p class="where">starting</p>` }
  const past = ((state.at ?? state.zeroAt) - state.zeroAt) / 1000
  const after = past > total ? ` + ${clock(past - total)}` : ''
  const time = `${clock(Math.min(Math.max(0, past), total))} of ${clock(total)}${after}`
  const active = seen.harms.filter(isActive).map(({ name }) => name)
  return {
    title: `▶ ${state.phase} ${clock(Math.max(0, past))} · ${name}`,
    status: `Phase ${state.phase}. ${active.length === 0 ? 'Nothing is injected.' : `In effect: ${active.join(', ')}.`}`,
    now: html`<p class="where">${state.phase} <span class="clock">${time}</span></p><p>${nextWords(shown, past)}</p>`,
  }
}

const isActive = (harm: DrawnHarm): boolean =>
  harm.begun !== undefined && harm.healed === undefined && harm.kept === undefined

/** The next fault or action, or else the next phase. */
function nextWords({ seen }: Shown, past: number): string {
  const harm = seen.harms.find((each) => each.requested === undefined && each.planned.from > past)
  const armed = seen.harms.filter(({ trigger }) => trigger?.armed !== undefined && trigger.ended === undefined)
  const phase = seen.phases.find(({ from }) => from > past)
  const words = [
    ...armed.map(
      ({ kind, letter, name, trigger }) => `${kind} ${letter} ${name} is armed until ${clock(trigger?.by ?? 0)}`,
    ),
    ...(harm === undefined
      ? []
      : [
          `${harm.kind} ${harm.letter} ${harm.name} ${harm.trigger === undefined ? '' : 'armed '}in ${clock(harm.planned.from - past)}`,
        ]),
    ...(phase === undefined ? [] : [`phase ${phase.name} in ${clock(phase.from - past)}`]),
  ]
  return words.length === 0 ? 'Next: the end of the load, then the books are settled.' : `Next: ${words.join('; ')}.`
}

function gone({ seen }: Shown): Headline {
  const { name } = seen.started.rehearsal
  return {
    title: `controller gone · ${name}`,
    status: 'The controller of this run is gone. What it did may not be undone: run matchday heal.',
    now: html`<p class="where bad">The controller of this run is gone.</p><p>Nobody writes this journal any more, and what the run did may not be undone. Run <code>matchday heal</code>.</p>`,
  }
}

function over({ seen, judgment }: Shown): Headline {
  const { word, icon } = wordsOf(judgment.verdict)
  return {
    title: `${icon} ${word} · ${seen.started.rehearsal.name}`,
    status: `The run is over: ${word}. ${judgment.summary}`,
    now: html`<p class="where"><span aria-hidden="true">${icon}</span> ${word}</p><p>${judgment.summary}</p><p>The run is over. Its folder holds the report.</p>`,
  }
}
