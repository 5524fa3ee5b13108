/**
 * The live page without any data: whoever may not watch the run sees only this. The script fills it from the server's events; its elements have the
 * order of what matters in the room: where we are, stop, notes, numbers, charts.
 */
import { noteKinds } from '../../domain/people.ts'
import { hatches } from '../draw/hatches.ts'
import { type Html, html } from '../escape/html.ts'
import { themeSwitch } from '../page-style.ts'

const panels: readonly (readonly [id: string, title: string])[] = [
  ['harms', 'Faults and actions'],
  ['slis', 'Objectives'],
  ['reached', 'Required states'],
  ['replicas', 'Replicas and zones'],
  ['money', 'Money so far'],
  ['generator', 'Load generator'],
]

const noteLabels: Readonly<Record<(typeof noteKinds)[number], string>> = {
  note: 'note',
  declared: 'incident declared',
  mitigated: 'mitigated',
  step: 'runbook step done',
  'follow-up': 'follow-up',
}

const panel = ([id, title]: readonly [string, string]): Html =>
  html`<section aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><div id="${id}" class="scroll" role="group" aria-labelledby="${id}-title" tabindex="0"></div></section>`

const field = (id: string, label: string, control: Html): Html =>
  html`<div class="field"><label for="${id}">${label}</label>${control}</div>`

const noteForm: Html = html`<form id="note" class="people" hidden>
${field('by', 'Your name', html`<input id="by" name="by" required maxlength="60" autocomplete="name">`)}
${field('role', 'Role', html`<select id="role" name="role"><option value="">none</option></select>`)}
${field('is', 'What', html`<select id="is" name="is">${noteKinds.map((kind) => html`<option value="${kind}">${noteLabels[kind]}</option>`)}</select>`)}
<div class="field wide"><label for="text">Note</label><textarea id="text" name="text" rows="2" required maxlength="2000"></textarea></div>
<button type="submit">Write it down</button>
<p id="note-answer" role="status"></p>
</form>`

const stopDialog: Html = html`<dialog id="stop-dialog" aria-labelledby="stop-title"><form method="dialog">
<h2 id="stop-title">Stop the run?</h2>
<p>Everything that was injected is healed at once, and what was seen until now is judged.</p>
<div class="field"><label for="stop-by">Your name</label><input id="stop-by" required maxlength="60" autocomplete="name"></div>
<div class="field"><label for="stop-reason">Reason (may be empty)</label><input id="stop-reason" maxlength="500"></div>
<p class="buttons"><button id="stop-now" value="stop" class="danger">Stop and heal now</button> <button value="cancel" formnovalidate>Go on</button></p>
</form></dialog>`

export const livePage: string = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>matchday live</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body class="live">
${hatches}
<a class="skip" href="#timeline">Skip to the charts</a>
<header>
<h1 id="name">matchday live</h1>
<div id="now"><p class="where">connecting…</p></div>
<p id="status" role="status" class="unseen"></p>
<p class="buttons"><button id="stop" type="button" class="danger" hidden aria-keyshortcuts="s">Stop the run</button></p>
<p id="stop-answer" role="status"></p>
<p id="link" role="alert"></p>
${themeSwitch}
</header>
<main>
<section aria-labelledby="people-title"><h2 id="people-title">Notes and decisions</h2>
<p id="reads-only" hidden>This page only reads: notes and stopping need the other address.</p>
<div id="gates"></div>
<div id="runbook"></div>
${noteForm}
</section>
<section aria-labelledby="events-title"><h2 id="events-title">Events</h2>
<div id="log" role="log" aria-live="polite" aria-labelledby="events-title" tabindex="0"><ol id="events"></ol></div></section>
<div class="panels">${panels.map(panel)}</div>
<section id="timeline" aria-labelledby="timeline-title" tabindex="-1"><h2 id="timeline-title">What happens</h2><div id="figures"></div></section>
</main>
${stopDialog}
<noscript><p>The live page needs its script. The report of the run works without one.</p></noscript>
</body>
</html>
`.text
