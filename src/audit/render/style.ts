/**
 * The looks of a report, on a screen and on A4. No script, no font, no picture from anywhere else.
 * @param kind plain words of our own, for the foot of a printed sheet
 */
export const styleOf = (kind: string): string => `
:root { color-scheme: light; --ink: #1f2328; --grey: #57606a; --line: #d0d7de; --yes: #1a6b34; --no: #a3201a; }
* { box-sizing: border-box; }
body { margin: 0; background: #f3f4f6; color: var(--ink); font: 13px/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; }
main { max-width: 210mm; margin: 8mm auto; padding: 16mm 15mm; background: #fff; box-shadow: 0 0 6px #0002; }
h1 { font-size: 22px; line-height: 1.2; margin: 0 0 2mm; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 8mm 0 2.5mm; padding-bottom: 1mm; border-bottom: 1px solid var(--line); }
h3 { font-size: 13px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 2mm; }
.over { color: var(--grey); margin: 0 0 1mm; letter-spacing: .03em; }
.verdict { display: flex; gap: 4mm; align-items: baseline; margin: 5mm 0; padding: 3mm 4mm; border: 1px solid; border-left-width: 2mm; }
.verdict strong { font-size: 15px; white-space: nowrap; }
.verdict p { margin: 0; color: var(--ink); overflow-wrap: anywhere; }
.proven { color: var(--yes); border-color: var(--yes); }
.refused { color: var(--no); border-color: var(--no); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .6mm 5mm; margin: 0; }
dl.facts dt { color: var(--grey); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(38mm, 1fr)); gap: 2mm; }
.figures div { border: 1px solid var(--line); padding: 1.5mm 2.5mm; break-inside: avoid; }
.figures span { display: block; color: var(--grey); font-size: 11px; }
.figures b { font-size: 14px; font-weight: 600; overflow-wrap: anywhere; }
ol.steps { list-style: none; margin: 0; padding: 0; }
ol.steps > li { display: grid; grid-template-columns: 8mm 1fr max-content; gap: 0 2mm; padding: 2mm 0; border-bottom: 1px solid var(--line); }
ol.steps .number { color: var(--grey); text-align: right; padding-right: 1mm; }
ol.steps .result { font-weight: 600; text-align: right; }
ol.steps .result small { display: block; color: var(--grey); font-weight: 400; }
ol.steps ul { list-style: disc; grid-column: 2 / 4; margin: .8mm 0 0; padding: 0 0 0 4mm; }
ol.steps ul li, td { overflow-wrap: anywhere; }
.evidence, td.digest { font-size: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th { text-align: left; color: var(--grey); font-weight: 600; border-bottom: 1px solid var(--ink); padding: 1mm 2mm 1mm 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: 1mm 2mm 1mm 0; vertical-align: top; }
td.mark { font-weight: 600; white-space: nowrap; }
svg { display: block; width: 100%; height: auto; margin: 2mm 0; }
ul.notes { margin: 0; padding-left: 5mm; }
.signing { display: none; }
footer { margin-top: 8mm; color: var(--grey); font-size: 11px; overflow-wrap: anywhere; }
@page { size: A4; margin: 18mm 16mm 18mm 20mm;
  @bottom-left { content: "${kind}"; font: 9px "Liberation Sans", Arial, sans-serif; color: #57606a; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 9px "Liberation Sans", Arial, sans-serif; color: #57606a; } }
@media print {
  body { background: #fff; font-size: 9.5pt; }
  main { max-width: none; margin: 0; padding: 0; box-shadow: none; }
  h1 { font-size: 17pt; } h2 { font-size: 12pt; break-after: avoid; } h3 { break-after: avoid; font-size: 9.5pt; }
  ol.steps > li, tr, .verdict, svg, .signing { break-inside: avoid; }
  thead { display: table-header-group; }
  table, .evidence, td.digest { font-size: 8.5pt; } .figures b { font-size: 10pt; } .figures span, footer { font-size: 8pt; }
  .verdict, .figures div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .signing { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 8mm; margin-top: 16mm; }
  .signing div { border-top: 1px solid var(--ink); padding-top: 1mm; color: var(--grey); font-size: 8pt; }
}`;
