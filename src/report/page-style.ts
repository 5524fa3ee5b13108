/**
 * The page's only style sheet. Colours are variables, so that the dark theme and print change them in one place. All text has at least AA contrast.
 * The look of charts apart from colours is in `draw/looks.ts`, because charts must be readable without this sheet.
 */
import { light } from './draw/palette.ts'
import { type Html, html } from './escape/html.ts'

const lightVariables = Object.entries(light)
  .map(([name, value]) => `--${name}:${value}`)
  .join(';')

const dark =
  '--bg:#14171b;--ink:#e7eaee;--soft:#9aa4b0;--rule:#333a43;--band:#1a1e24;--band2:#20252c;--good:#5bd18b;--bad:#ff8a80;--warn:#f0b64a;--c1:#6cabff;--c2:#4fd0c1;--c3:#b99bff;--c4:#ff8a80;--c5:#f0b64a;--c6:#9aa4b0;--fault:#ff8a80;--action:#b99bff;--steps:#2b4468'

/**
 * Three choices, and no script: the style sheet sees which is checked. A page whose style sheet is blocked does not show them (`hidden`). The system's
 * colours are the default.
 */
export const themeSwitch: Html = html`<fieldset class="theme" hidden><legend>Colours</legend>${(
  ['system', 'light', 'dark'] as const
).map(
  (each) =>
    html`<label><input type="radio" name="theme" id="theme-${each}" value="${each}"${each === 'system' ? html` checked` : html``}>${each}</label>`,
)}</fieldset>`

export const style = `
:root{color-scheme:light dark;${lightVariables}}
@media screen and (prefers-color-scheme:dark){:root:not(:has(#theme-light:checked)){${dark}}}
@media screen{:root:has(#theme-light:checked){color-scheme:light}:root:has(#theme-dark:checked){color-scheme:dark;${dark}}}
@page{size:A4;margin:14mm}
*{box-sizing:border-box}body{margin:0 auto;max-width:1100px;padding:0 20px 60px;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
header{border-left:8px solid var(--soft);padding:6px 0 6px 20px;margin:28px 0}header.pass{border-color:var(--good)}header.fail{border-color:var(--bad)}header.inconclusive,header.aborted{border-color:var(--warn)}
.verdict{font-size:26px;font-weight:700;letter-spacing:.06em;margin:0}header.pass .verdict{color:var(--good)}header.fail .verdict{color:var(--bad)}header.inconclusive .verdict,header.aborted .verdict{color:var(--warn)}
h1{font-size:20px;font-weight:600;margin:2px 0 6px}.hypothesis{color:var(--soft);margin:0 0 12px}.not-healed{color:var(--bad);font-weight:700}
dl{display:flex;flex-wrap:wrap;gap:6px 26px;margin:0}dt{color:var(--soft);font-size:12px}dd{margin:0}
h2{font-size:18px;border-bottom:1px solid var(--rule);padding-bottom:4px;margin:34px 0 12px}h3{font-size:15px;margin:18px 0 6px}h3 span{font-weight:400;margin-left:6px}h4{font-size:13px;color:var(--soft);margin:10px 0 4px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top}thead th{color:var(--soft);font-size:12px;font-weight:600}
.short{white-space:nowrap}.facts{width:auto}.facts th{color:var(--soft);font-weight:400;white-space:nowrap}.scroll{overflow-x:auto}.scroll th,.scroll td{overflow-wrap:normal}#objectives td{white-space:nowrap}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}[tabindex]:focus-visible{outline:3px solid var(--c1);outline-offset:2px}
nav.contents{font-size:13px;margin:0 0 8px;flex:1 1 20em}.tools{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:start;justify-content:space-between}
fieldset.theme[hidden]{display:flex}fieldset.theme{gap:12px;border:0;margin:0;padding:0;font-size:13px}.theme legend{float:left;padding:0;margin-right:12px;color:var(--soft)}.theme label{display:inline-flex;gap:4px;align-items:center}
.zoom{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:0 0 10px;font-size:12px;color:var(--soft)}.zoom button{font:inherit;min-height:28px;padding:2px 10px;border:1px solid var(--soft);border-radius:4px;background:var(--bg);color:var(--ink);cursor:pointer}
.zoom button[aria-pressed=true]{background:var(--band2);font-weight:700;border-color:var(--ink)}.brush{fill:var(--c1);fill-opacity:.25;stroke:var(--c1)}
nav.contents ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0;padding:0}nav.contents a{color:var(--c1)}
.said td{background:var(--band2)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.findings{list-style:none;padding:0}.findings li{border-left:4px solid var(--warn);padding:2px 0 2px 14px;margin:12px 0}.findings li.breach{border-color:var(--bad)}.findings p{margin:2px 0}.next{color:var(--soft)}.lines{color:var(--soft);font-size:12px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:10px}.card{border:1px solid var(--rule);border-radius:6px;padding:8px 12px}.card p{margin:0 0 4px}.card dl{display:grid;grid-template-columns:repeat(3,1fr);gap:4px 12px}.card dd{font-variant-numeric:tabular-nums}
code,pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}pre{overflow:auto;background:var(--band);padding:10px}
figure{margin:0 0 18px}figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:8px}.unit,.caption{color:var(--soft);font-size:12px}.caption{margin:0}
.keys,.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0;padding:0;font-size:12px}.legend{margin-bottom:10px}
.key{margin-right:5px;vertical-align:middle}.swatch{margin-right:5px;vertical-align:-1px}.swatch rect{stroke:var(--rule)}.swatch .phase{fill:var(--band2)}
.defs{position:absolute}.fault.ground{fill:var(--fault)}.action.ground{fill:var(--action)}.fault.stripe{stroke:var(--fault)}.action.stripe{stroke:var(--action)}
.plot{overflow-x:auto}.chart{width:100%;min-width:680px;height:auto;display:block;touch-action:pan-x pan-y;user-select:none}.chart:focus-visible{outline:2px solid var(--c1)}.chart text{fill:var(--soft)}
.phase.p0{fill:var(--band)}.phase.p1{fill:var(--band2)}
.action.held,.action.tail{fill:var(--action)}.fault.tail{fill:var(--fault)}.fault.requested{stroke:var(--fault)}.action.requested{stroke:var(--action)}
.chart .fault-letter,.chart .action-letter{stroke:var(--bg)}.chart .fault-letter{fill:var(--fault)}.chart .action-letter{fill:var(--action)}
.grid line{stroke:var(--rule)}.limit.target line{stroke:var(--good)}.limit.ceiling line{stroke:var(--bad)}.limit.bound line{stroke:var(--soft)}
.chart .limit text{stroke:var(--bg)}.chart .limit.target text{fill:var(--good)}.chart .limit.ceiling text{fill:var(--bad)}
.line{stroke-linejoin:round}
.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}.c6{stroke:var(--c6)}
.area.c1{fill:var(--c1)}.area.c2{fill:var(--c2)}.area.c3{fill:var(--c3)}.area.c4{fill:var(--c4)}.area.c5{fill:var(--c5)}.area.c6{fill:var(--c6)}
.mark line{stroke:var(--ink)}.mark path{fill:var(--ink)}.chart .mark text{fill:var(--ink);stroke:var(--bg)}.mark.good path{fill:var(--good)}.mark.bad path{fill:var(--bad)}.chart .mark.bad text{fill:var(--bad)}
.row .floor{stroke:var(--rule)}.row .steps{fill:var(--steps);stroke:var(--c1)}.row .none{fill:var(--bad)}.chart .row .number,.chart .row .words,.chart .span text{fill:var(--ink);stroke:var(--bg)}
.span.phase rect{fill:var(--band2);stroke:var(--rule)}.span.planned rect{stroke:var(--ink)}.span.fault rect{stroke:var(--fault)}.span.action rect{stroke:var(--action)}.span.fault-edge rect{fill:var(--fault)}.span.action-edge rect{fill:var(--action)}
.span.tail rect,.span.warn rect{fill:var(--warn);stroke:var(--warn)}.span.good rect{fill:var(--good);stroke:var(--good)}.span.bad rect{fill:var(--bad);stroke:var(--bad)}.span.neutral rect{fill:var(--soft);stroke:var(--soft)}
.tick.good{stroke:var(--good)}.tick.bad{stroke:var(--bad)}.tick.neutral{stroke:var(--ink)}
.cross,.now{stroke:var(--ink)}summary{cursor:pointer;color:var(--soft);font-size:12px}
#readout{position:fixed;pointer-events:none;background:var(--bg);border:1px solid var(--rule);padding:6px 10px;font-size:12px;white-space:pre;display:none;box-shadow:0 2px 10px rgb(0 0 0/.2)}
@media (max-width:640px){body{padding:0 12px 40px;font-size:14px}header{padding-left:12px}.facts th{white-space:normal}}
@media screen and (max-width:720px){.plot::before{content:"scroll sideways for the whole chart →";position:sticky;left:0;display:inline-block;color:var(--soft);font-size:11px}}
@media print{:root{color-scheme:light;--bg:#fff;--ink:#000;--soft:#444;--rule:#bbb;--band:#f4f4f4;--band2:#eaeaea;--good:#14743c;--bad:#b3261e;--warn:#8a5a00;
--c1:#1f6feb;--c2:#0f8a7e;--c3:#7a4fd0;--c4:#c4362b;--c5:#b06a00;--c6:#77808c;--fault:#b3261e;--action:#6a3fc4;--steps:#bcd3f5}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}details::details-content{display:block;content-visibility:visible}figure,.facts,tr,.card,.findings li{break-inside:avoid}h2,h3,figcaption{break-after:avoid}#timeline{break-before:page}#readout,nav.contents,fieldset.theme,.zoom,figure details{display:none!important}summary,h4{break-after:avoid}code,pre,.lines,thead th,summary,.unit,.caption,.keys,.legend,dt{font-size:10px}#objectives th,#objectives td{font-size:10px;padding-right:5px}body{font-size:11px;max-width:none;padding:0}header{margin-top:0}.verdict{font-size:20px}h1{font-size:15px}h2{font-size:14px;margin-top:20px}th,td{padding:2px 8px 2px 0}#objectives td{white-space:normal}#objectives .good,#objectives .bad,#objectives .warn{white-space:nowrap}.plot,.scroll{overflow:visible}.chart{min-width:0!important}}
`
