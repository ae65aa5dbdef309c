// report: the style sheet of the page, for wide and narrow screens, light and dark mode, and print.
import { DIVERGING, PALETTES, properties } from './theme.js';

export const STYLE = `
:root { color-scheme: light dark; ${properties(PALETTES.light)}
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, P052, "Source Serif 4", "Noto Serif", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
@media screen and (prefers-color-scheme: dark) { :root { ${properties(PALETTES.dark)} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); font-variant-numeric: lining-nums; overflow-wrap: break-word; }
.page { max-width: 1120px; margin: 0 auto; padding: 0 32px; }
h1, h2, h3, p, figure, ul, ol, dl, dd, table { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--line); }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; border-radius: 4px; }
small { font-size: .55em; font-weight: 400; color: var(--muted); letter-spacing: 0; }
.unseen, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip:focus { position: absolute; top: 8px; left: 8px; padding: 8px 14px; background: var(--surface); z-index: 1; }

.masthead { padding: 72px 0 36px; }
.eyebrow { color: var(--muted); font-size: .875rem; letter-spacing: .02em; }
h1 { margin: 10px 0 18px; font: 400 clamp(2.4rem, 6vw, 3.75rem)/1.08 var(--serif); letter-spacing: -.02em; text-wrap: balance; }
.lede { max-width: 40em; font-size: 1.1875rem; line-height: 1.5; color: var(--muted); text-wrap: pretty; }
.lede strong { color: var(--ink); font-weight: 600; }
.check { display: flex; gap: .5em; margin-top: 18px; font-size: .9375rem; color: var(--muted); }
.check.good > span:first-child { color: var(--blue); font-weight: 700; } .check.bad { color: var(--orange); }
nav { padding-bottom: 28px; font-size: .9375rem; }
nav ol { display: flex; flex-wrap: wrap; gap: 4px 22px; }
nav a { display: inline-block; padding: 4px 0; color: var(--muted); }
nav a:hover { color: var(--ink); }

.headlines { display: flex; flex-wrap: wrap; gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.tile { flex: 1 1 190px; padding: 20px 20px 22px; background: var(--surface); }
.tile h3 { font: 600 .8125rem/1.4 var(--sans); color: var(--muted); letter-spacing: .01em; }
.value { margin: 4px 0 8px; font: 400 2.125rem/1.15 var(--serif); letter-spacing: -.02em; font-variant-numeric: lining-nums tabular-nums; white-space: nowrap; }
.note { font-size: .8125rem; line-height: 1.45; color: var(--muted); }
.alarm, .wrong { color: var(--orange); }
.interval { display: block; width: 100%; height: 5px; margin: 0 0 10px; border-radius: 3px; }
.interval .track { fill: var(--line); } .interval .range { fill: var(--blue); }

.section { display: grid; grid-template-columns: 260px minmax(0, 1fr); gap: 0 56px; padding: 64px 0 0; margin: 0; }
.section > header { align-self: start; position: sticky; top: 28px; }
.section h2 { font: 400 1.75rem/1.18 var(--serif); letter-spacing: -.012em; text-wrap: balance; }
.section header p { margin-top: 14px; font-size: .9375rem; color: var(--muted); text-wrap: pretty; }
.section header strong { color: var(--ink); }
.body { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; align-content: start; }

.two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
.card { overflow: hidden; padding: 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }
figcaption { margin-top: 14px; font-size: .875rem; line-height: 1.5; color: var(--muted); }
.narrow { display: none; }
.card svg { display: block; max-width: 100%; height: auto; margin: 0 auto; font: 13px var(--sans); overflow: visible; font-variant-numeric: tabular-nums; color: var(--ink); }
.narrow svg { font-size: 12px; }
.plot text { white-space: pre; } .card text { unicode-bidi: plaintext; }
.drawing { width: 100%; } .drawing text { fill: var(--ink); }
.drawing .muted { fill: var(--muted); font-size: 12px; } .drawing .strong { font-weight: 600; }
.drawing .figure { font: 15px var(--serif); fill: var(--blue); }
.drawing .node { fill: var(--paper); stroke: var(--line); } .drawing .mat { fill: var(--surface); }
.drawing .link { stroke: var(--muted); stroke-opacity: .6; stroke-width: 1.25; }
.drawing circle { fill: var(--surface); stroke: var(--muted); stroke-width: 1.25; } .drawing .output { stroke: var(--blue); stroke-width: 2; }
.drawing .unit { font: 13px var(--serif); } .drawing .softmax { fill: var(--surface); stroke: var(--muted); stroke-width: 1.25; }
.drawing .formula { font: 15px var(--serif); } .narrow .formula { font-size: 13px; }
.drawing .onSoftmax { font-size: 12px; letter-spacing: .04em; }

.equation { display: flex; flex-wrap: wrap; justify-content: center; gap: .1em .5em; padding: 26px 12px 30px; font: 400 clamp(1.75rem, 5.4vw, 3rem)/1.2 var(--serif); letter-spacing: -.01em; }
.verdict { display: flex; gap: 12px; padding: 16px 20px; border-radius: 14px; background: color-mix(in srgb, var(--blue) 9%, var(--surface)); border: 1px solid color-mix(in srgb, var(--blue) 30%, var(--surface)); }
.verdict > span:first-child { font-weight: 700; color: var(--blue); }
.verdict.bad { background: color-mix(in srgb, var(--orange) 10%, var(--surface)); border-color: color-mix(in srgb, var(--orange) 40%, var(--surface)); }
.verdict.bad > span:first-child { color: var(--orange); }

.scroll { overflow: auto; padding: 8px 24px 10px; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }
.scroll.tall { max-height: 720px; }
details .scroll { margin-top: 14px; }
summary { cursor: pointer; font-size: .9375rem; color: var(--muted); }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; font-variant-numeric: lining-nums tabular-nums; }
h1, caption, th, td, dd, .text { unicode-bidi: plaintext; } h1, dd { text-align: left; } .text { text-align: start; }
caption { padding: 12px 0 8px; text-align: left; font-weight: 600; }
th, td { padding: 8px 14px 8px 0; text-align: left; vertical-align: baseline; border-top: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { border: 0; font-weight: 400; font-size: .8125rem; line-height: 1.35; color: var(--muted); vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 6.2em; } tbody th[colspan] { padding-top: 14px; font-weight: 600; } .category { display: block; padding-left: 16px; font-weight: 400; }
tfoot th, tfoot td { font-weight: 400; color: var(--muted); }
tbody .long { min-width: 13em; } thead .long { min-width: 9em; } .long, .records { overflow-wrap: anywhere; }
.text { max-height: 12.5em; overflow-y: auto; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; min-width: 4.5em; }
td[style*="--share"] { background: linear-gradient(to right, var(--blue) var(--share), var(--line) var(--share)) no-repeat right 14px bottom 5px / 72px 3px; padding-bottom: 13px; }
table:has([style*="--tint"]) :is(th, td):last-child { padding-right: 12px; }
td[style*="--tint"] { padding-right: 12px; background: color-mix(in srgb, var(--tint) var(--strength), transparent); border-left: 3px solid var(--surface); }
code { font: .8125rem/1.6 var(--mono); overflow-wrap: anywhere; }
pre { margin: 0; padding: 18px 24px; overflow-x: auto; white-space: pre-wrap; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }

.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 18px 28px; padding: 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }
.facts div { min-width: 0; } .facts .long { grid-column: 1 / -1; }
dt { font-size: .8125rem; color: var(--muted); } dd { font-variant-numeric: lining-nums tabular-nums; }

.records { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; }
.gallery { display: grid; gap: 26px 16px; padding: 24px; background: var(--surface); border: 1px solid var(--line); border-radius: 14px; }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); } .weights { grid-template-columns: repeat(auto-fill, minmax(120px, 1fr)); }
.gallery p { font-size: .875rem; line-height: 1.45; } .gallery .note { font-size: .8125rem; }
.gallery .what { display: inline-block; min-width: 2.3em; color: var(--muted); }
.pixels { display: block; width: 100%; aspect-ratio: auto; margin-bottom: 10px; border-radius: 6px; image-rendering: pixelated; }
.pixels.mat { border: 1px solid var(--line); }
.legend { display: flex; align-items: center; gap: 12px; font-size: .875rem; font-variant-numeric: tabular-nums; color: var(--muted); }
.ramp { flex: 0 1 260px; height: 10px; border-radius: 5px; background: linear-gradient(to right, ${DIVERGING.negative}, transparent, ${DIVERGING.positive}), var(--surface); }
footer { padding: 72px 0 56px; font-size: .875rem; color: var(--muted); }

@media (max-width: 960px) {
  .section { grid-template-columns: minmax(0, 1fr); gap: 22px; padding-top: 56px; }
  .section > header { position: static; } .section header p { max-width: 44em; }
}
@media screen and (max-width: 640px) {
  .page { padding: 0 16px; } .masthead { padding: 40px 0 24px; } .lede { font-size: 1.0625rem; }
  .tile { flex-basis: 100%; padding: 16px 18px 18px; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .wide { display: none; } .narrow { display: block; }
  .card, .scroll, .facts, .gallery { border-radius: 12px; } .card { padding: 16px 8px; } .card figcaption { padding: 0 8px; }
  .scroll { padding: 6px 16px 8px; } .broad table { min-width: 540px; } .facts { padding: 18px 16px; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 14px 18px; }
  .gallery { padding: 16px; gap: 20px 12px; } .mistakes { grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); } .weights { grid-template-columns: repeat(auto-fill, minmax(90px, 1fr)); }
  td[style*="--share"] { background-size: 48px 3px; }
}
@media print {
  @page { margin: 16mm 14mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: none; font-size: 10.5pt; } .page { max-width: none; padding: 0; } nav, .skip { display: none; }
  .masthead { padding: 0 0 20px; } .section { display: block; padding-top: 34px; } .section > header { padding-bottom: 16px; } .body { gap: 14px; } .scroll.tall { max-height: none; } .scroll { overflow: visible; padding: 6px 14px 8px; } table { font-size: .8125rem; } th, td { padding-right: 10px; } tbody th, thead .number { min-width: 0; } .broad table { font-size: .75rem; } .broad thead th { font-size: .6875rem; } .text { max-height: none; }
  tfoot { display: table-row-group; } details { display: none; }
  .section > header, h2 { break-after: avoid; break-inside: avoid; } .card, .scroll:not(.tall), tr, .gallery li, .mistakes, .weights, .facts, .tile, .verdict { break-inside: avoid; }
  .mistakes { grid-template-columns: repeat(6, 1fr); } .weights { grid-template-columns: repeat(5, 1fr); } footer { padding: 32px 0 0; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
