/** The page's only style sheet. Colours are variables, so that dark and print change them in one place. */
export const style = `
:root{--bg:#fff;--ink:#1b1f24;--soft:#5b6470;--rule:#d8dde3;--band:#f4f6f8;--band2:#eceff3;--good:#14743c;--bad:#b3261e;--warn:#8a5a00;
--c1:#1f6feb;--c2:#0f8a7e;--c3:#7a4fd0;--c4:#c4362b;--c5:#b06a00;--c6:#77808c;--fault:#c4362b}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--ink:#e7eaee;--soft:#9aa4b0;--rule:#333a43;--band:#1a1e24;--band2:#20252c;--good:#5bd18b;--bad:#ff8a80;--warn:#f0b64a;
--c1:#6cabff;--c2:#4fd0c1;--c3:#b99bff;--c4:#ff8a80;--c5:#f0b64a;--c6:#9aa4b0;--fault:#ff8a80}}
@media print{:root{--bg:#fff;--ink:#000;--soft:#444;--rule:#bbb;--band:#f4f4f4;--band2:#eaeaea;--good:#14743c;--bad:#b3261e;--warn:#8a5a00}details>*{display:block}figure,article{break-inside:avoid}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1100px;padding:0 20px 60px;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
header{border-left:8px solid var(--soft);padding:6px 0 6px 20px;margin:28px 0}header.pass{border-color:var(--good)}header.fail{border-color:var(--bad)}header.inconclusive,header.aborted{border-color:var(--warn)}
.verdict{font-size:26px;font-weight:700;letter-spacing:.06em;margin:0}header.pass .verdict{color:var(--good)}header.fail .verdict{color:var(--bad)}header.inconclusive .verdict,header.aborted .verdict{color:var(--warn)}
h1{font-size:20px;font-weight:600;margin:2px 0 6px}.hypothesis{color:var(--soft);margin:0 0 12px}.not-healed{color:var(--bad);font-weight:700}
dl{display:flex;flex-wrap:wrap;gap:6px 26px;margin:0}dt{color:var(--soft);font-size:12px}dd{margin:0}
h2{font-size:18px;border-bottom:1px solid var(--rule);padding-bottom:4px;margin:34px 0 12px}h3{font-size:15px;margin:14px 0 6px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);vertical-align:top}thead th{color:var(--soft);font-size:12px;font-weight:600}
.facts{width:auto}.facts td:first-child{color:var(--soft);white-space:nowrap}.scroll{overflow-x:auto}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.findings{list-style:none;padding:0}.findings li{border-left:4px solid var(--warn);padding:2px 0 2px 14px;margin:12px 0}.findings li.breach{border-color:var(--bad)}.findings p{margin:2px 0}.next{color:var(--soft)}.lines{color:var(--soft);font-size:12px}
code,pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace}pre{overflow:auto;background:var(--band);padding:10px}
figure{margin:0 0 14px}figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:8px}.unit,.caption{color:var(--soft);font-size:12px}.caption{margin:0}
.keys,.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0;padding:0;font-size:12px}.legend{margin-bottom:10px}
.key{display:inline-block;width:18px;border-top:2px solid;margin-right:5px;vertical-align:middle}.key.dash{border-top-style:dashed}
.swatch{display:inline-block;width:18px;height:11px;margin-right:5px;vertical-align:-1px}.swatch.fault{background:var(--fault);opacity:.3}.swatch.phase{background:var(--band2);border:1px solid var(--rule)}
.chart{width:100%;height:auto;display:block;touch-action:pan-y}.chart text{font:11px system-ui,sans-serif;fill:var(--soft)}
.phase.p0{fill:var(--band)}.phase.p1{fill:var(--band2)}.chart .phase-name{font-size:11px}.fault.injected{fill:var(--fault);opacity:.2}.fault.requested{fill:none;stroke:var(--fault);stroke-dasharray:3 3}.chart .fault-letter{fill:var(--fault);font-weight:700}
.grid line{stroke:var(--rule);stroke-width:.6}.limit line{stroke-width:1.2;stroke-dasharray:6 4}.limit.target line{stroke:var(--good)}.limit.ceiling line{stroke:var(--bad)}.chart .limit.target text{fill:var(--good)}.chart .limit.ceiling text{fill:var(--bad)}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round}.line.dash{stroke-dasharray:5 3}.line.area{stroke-width:1}
.c1{stroke:var(--c1);border-color:var(--c1)}.c2{stroke:var(--c2);border-color:var(--c2)}.c3{stroke:var(--c3);border-color:var(--c3)}.c4{stroke:var(--c4);border-color:var(--c4)}.c5{stroke:var(--c5);border-color:var(--c5)}.c6{stroke:var(--c6);border-color:var(--c6)}
.area.c4{fill:var(--c4);fill-opacity:.35}.area.c1{fill:var(--c1);fill-opacity:.2}
.cross{stroke:var(--ink);stroke-width:.8}summary{cursor:pointer;color:var(--soft);font-size:12px}
#readout{position:fixed;pointer-events:none;background:var(--bg);border:1px solid var(--rule);padding:6px 10px;font-size:12px;white-space:pre;display:none;box-shadow:0 2px 10px rgb(0 0 0/.2)}
`
