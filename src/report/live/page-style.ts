/** The live page looks like the report, and has a few elements of its own. */
import { style } from '../page-style.ts'

export const liveStyle = `${style}
.live header{position:sticky;top:0;z-index:2;background:var(--bg);margin:0 0 12px;padding-top:12px;border-bottom:1px solid var(--rule)}
.live h1{font-size:14px;color:var(--soft);margin:0}.live h2{margin-top:22px}.where{font-size:24px;font-weight:700;margin:2px 0}.clock{font-weight:400;font-variant-numeric:tabular-nums;margin-left:8px}#now p{margin:2px 0}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;z-index:3;background:var(--bg);padding:8px}
.buttons{margin:6px 0}button{font:inherit;min-height:44px;padding:6px 16px;border:1px solid var(--soft);border-radius:6px;background:var(--band2);color:var(--ink);cursor:pointer}
button.danger{background:var(--bad);border-color:var(--bad);color:var(--bg);font-weight:700}button:disabled{opacity:.6;cursor:default}
button:focus-visible,input:focus-visible,select:focus-visible,textarea:focus-visible{outline:3px solid var(--c1);outline-offset:2px}
.people,.field{display:flex;gap:8px;flex-wrap:wrap}.people{align-items:end}.field{flex-direction:column;gap:2px}.field.wide{flex:1 1 280px}.field label{font-size:12px;color:var(--soft)}
input,select,textarea{font:inherit;min-height:44px;padding:6px 8px;border:1px solid var(--soft);border-radius:6px;background:var(--bg);color:var(--ink);width:100%}
fieldset.theme input{width:auto;min-height:0}.people p{flex-basis:100%;margin:0}[hidden]:not(.theme){display:none!important}
#log{max-height:16em;overflow-y:auto;border:1px solid var(--rule);border-radius:6px}#events{list-style:none;margin:0;padding:0}#events li{padding:3px 10px;display:flex;gap:10px}#events li.said{background:var(--band2)}
#events time{color:var(--soft);font-variant-numeric:tabular-nums;flex:none;min-width:3.5em}#link{color:var(--bad);font-weight:700;margin:0}#link:empty,#stop-answer:empty,#note-answer:empty{display:none}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:0 28px}.panels section:first-child,.panels section:nth-child(2){grid-column:1/-1}
.panels tbody th{font-weight:600}dialog{border:1px solid var(--rule);border-radius:8px;background:var(--bg);color:var(--ink);max-width:min(480px,92vw)}dialog::backdrop{background:rgb(0 0 0/.5)}dialog h2{margin-top:0}dialog .field{margin:8px 0}
.watching [data-what],.watching [data-step]{display:none}
.panels section:has(>.scroll:empty){display:none}
.gate{border:2px solid var(--warn);border-radius:8px;padding:8px 14px;margin:0 0 10px}.gate p{margin:4px 0}
@media (prefers-reduced-motion:no-preference){.live .now{animation:pulse 2s ease-in-out infinite}@keyframes pulse{50%{opacity:.35}}}
@media (max-width:640px){.live header{position:static}.live .where{font-size:20px}.field{flex:1 1 100%}}
@media print{.live header{position:static}.buttons,.people,dialog{display:none}#log{max-height:none}}
`
