// report: renders the page, from plain values to one HTML string.
import { assertList, assertOneOf } from '../core/shape.js';
import { calibrationSection } from './calibration.js';
import { type Charts, openCharts } from './chart.js';
import { classSection, confusionSection } from './confusion.js';
import { curvesSection } from './curves.js';
import { type Html, html, trusted } from './html.js';
import { assertReportInput, type ReportInput } from './input.js';
import { learningSection } from './learning.js';
import { mistakesSection } from './mistakes.js';
import { weightsSection } from './model/weights.js';
import { penaltySection } from './penalty.js';
import { openPictures, type Pictures } from './picture.js';
import { proofSection } from './proof.js';
import { reproduceSection } from './reproduce.js';
import type { Section } from './section.js';
import { STYLE } from './style.js';
import { headlines, masthead, trainingSection } from './summary.js';

/** The page loads and runs nothing, whatever a label contains. Images and the style sheet are inline. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * The report on a trained model: one self-contained HTML file.
 *
 * Its sections are data and model, the choice of the penalty, the learning curve, the confusion matrix, scores of each class, ROC and
 * precision–recall for two classes, calibration, the most confident mistakes, the weights, the gradient check, and how to
 * reproduce the fit. A line at the top says whether the gradient was checked. A section without input is left out. The
 * file has no script and makes no request. It supports light and dark mode, wide screens, phones and print.
 * Equal input gives equal output.
 *
 * In Node the charts are drawn in linkedom. In a browser they need `document`, so a worker cannot render reports.
 *
 * @throws ShapeError if the shapes of weights, scores, names or images disagree
 * @example await writeFile('iris.html', await renderReport({ data: { name: 'Iris', trainingSamples: 120 }, model, evaluation }));
 */
export async function renderReport(input: ReportInput): Promise<string> {
  assertReportInput(input);
  const { data } = input;
  const sections = sectionsOf(await partsOf(input), Object.keys(SECTIONS) as ReportSection[]);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${data.name}: report on a softmax regression</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<div class="page">
${masthead(input)}
<nav aria-label="Sections"><ol>${sections.map(({ id, short }) => html`<li><a href="#${id}">${short}</a></li>\n`)}</ol></nav>
<main id="main">
${headlines(input)}
${sections.map(sectionHtml)}
</main>
<footer>Made by softmax-regression. This file is self-contained: no scripts, no requests.</footer>
</div>
</body>
</html>
`.text;
}

/** What sections are drawn from. */
interface Parts {
  readonly input: ReportInput;
  readonly charts: Charts;
  readonly pictures: Pictures | undefined;
}

/** All sections in order, by their anchors. One without input is undefined. */
const SECTIONS = {
  training: ({ input }) => trainingSection(input),
  penalty: ({ input: { lambdaPath, model }, charts }) => lambdaPath && penaltySection(lambdaPath, model, charts),
  learning: ({ input: { fit, model }, charts }) => fit && learningSection(fit, model, charts),
  confusion: ({ input: { evaluation }, charts }) => confusionSection(evaluation, charts),
  classes: ({ input: { evaluation } }) => classSection(evaluation),
  curves: ({ input: { curves, model }, charts }) => curves && curvesSection(curves, model, charts),
  calibration: ({ input: { evaluation }, charts }) =>
    evaluation.reliability && calibrationSection(evaluation.reliability, evaluation.expectedCalibrationError, charts),
  mistakes: ({ input, pictures }) => input.mistakes && mistakesSection(input.mistakes, input, pictures),
  weights: ({ input, charts, pictures }) => weightsSection(input, pictures, charts),
  proof: ({ input: { gradcheck }, charts }) => gradcheck && proofSection(gradcheck, charts),
  reproduce: ({ input: { environment, data } }) => environment && reproduceSection(environment, data),
} as const satisfies Readonly<Record<string, (parts: Parts) => Section | undefined>>;

/** The name of a section of the report, which is its anchor. */
export type ReportSection = keyof typeof SECTIONS;

/**
 * Sections of the report as HTML for another page, in the order of `names`. A section without input is left out. The page
 * brings the style: classes of the report, and the colours `--ink`, `--muted`, `--line`, `--surface`, `--blue` and
 * `--orange`.
 *
 * Labels are escaped, as in `renderReport`. The HTML has no scripts. `confusion`, `calibration` and `mistakes` have no inline
 * styles, so they can be shown under a strict content security policy.
 *
 * @throws ShapeError as `renderReport`; DomainError if a name is not that of a section
 * @example
 * const [confusion] = await renderSections({ data: { name: 'Iris' }, model, evaluation }, ['confusion']);
 * confusion.startsWith('<section class="section" id="confusion"');   // true
 */
export async function renderSections(input: ReportInput, names: readonly ReportSection[]): Promise<string[]> {
  assertReportInput(input);
  assertList(names, 'renderSections', 'names', 'be an array of names of sections');
  for (const [i, name] of names.entries()) {
    assertOneOf(name, Object.keys(SECTIONS), 'renderSections', `names[${i}]`);
  }
  return sectionsOf(await partsOf(input), names).map((section) => sectionHtml(section).text);
}

async function partsOf(input: ReportInput): Promise<Parts> {
  const { image } = input.data;
  return { input, charts: await openCharts(), pictures: image && (await openPictures(image)) };
}

function sectionsOf(parts: Parts, names: readonly ReportSection[]): Section[] {
  return names.flatMap((name) => SECTIONS[name](parts) ?? []);
}

function sectionHtml({ id, title, lead, body }: Section): Html {
  return html`<section class="section" id="${id}" aria-labelledby="${id}-title">
<header><h2 id="${id}-title">${title}</h2>${lead === undefined ? undefined : html`<p>${lead}</p>`}</header>
<div class="body">${body}</div>
</section>
`;
}
