// report: the whole page, from plain values to one string of HTML.
import { calibrationSection } from './calibration.js';
import { openCharts } from './chart.js';
import { classSection, confusionSection } from './confusion.js';
import { type Html, html, trusted } from './html.js';
import { assertReportInput, type ReportInput } from './input.js';
import { learningSection } from './learning.js';
import { mistakesSection } from './mistakes.js';
import { openPictures } from './picture.js';
import { proofSection } from './proof.js';
import { reproduceSection } from './reproduce.js';
import type { Section } from './section.js';
import { STYLE } from './style.js';
import { headlines, masthead, trainingSection } from './summary.js';
import { weightsSection } from './weights.js';

/** Nothing is fetched and nothing runs, whatever a label may hold: pictures are in the page, and so is the style. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * The report on a trained model: one HTML file that needs nothing else.
 *
 * It holds what was trained on what, the proof of the gradient, how it learnt, where it errs, how well it is calibrated, its
 * most confident mistakes, its weights, and what is needed to do it again. What the input lacks is left out. No script, no
 * request, light and dark, for wide screens, phones and paper. The same values give the same text.
 *
 * In Node the plots are drawn in linkedom; a page draws them in its own document, so not in a worker.
 *
 * @throws ShapeError if weights, scores, names or pictures do not belong together
 * @example await writeFile('iris.html', await renderReport({ data: { name: 'Iris', trainingSamples: 120 }, model, evaluation }));
 */
export async function renderReport(input: ReportInput): Promise<string> {
  assertReportInput(input);
  const { data } = input;
  const charts = await openCharts();
  const pictures = data.image === undefined ? undefined : await openPictures(data.image);
  const sections = sectionsOf(input, charts, pictures);
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
<a class="skip" href="#main">To the content</a>
<div class="page">
${masthead(input)}
<nav aria-label="Sections"><ol>${sections.map(({ id, short }) => html`<li><a href="#${id}">${short}</a></li>\n`)}</ol></nav>
<main id="main">
${headlines(input)}
${sections.map(sectionHtml)}
</main>
<footer>Made by softmax-regression. This file is all there is: no script, no request.</footer>
</div>
</body>
</html>
`.text;
}

function sectionsOf(
  input: ReportInput,
  charts: Awaited<ReturnType<typeof openCharts>>,
  pictures: Awaited<ReturnType<typeof openPictures>> | undefined,
): Section[] {
  const { data, model, evaluation, fit, gradcheck, mistakes, environment } = input;
  const { reliability, expectedCalibrationError } = evaluation;
  const sections = [
    gradcheck && proofSection(gradcheck, charts),
    trainingSection(input),
    fit && learningSection(fit, model, charts),
    confusionSection(evaluation, charts),
    classSection(evaluation),
    reliability && calibrationSection(reliability, expectedCalibrationError, charts),
    mistakes && mistakesSection(mistakes, input, pictures),
    weightsSection(input, pictures, charts),
    environment && reproduceSection(environment, data),
  ];
  return sections.filter((section) => section !== undefined);
}

function sectionHtml({ id, title, lead, body }: Section): Html {
  return html`<section class="section" id="${id}" aria-labelledby="${id}-title">
<header><h2 id="${id}-title">${title}</h2>${lead === undefined ? undefined : html`<p>${lead}</p>`}</header>
<div class="body">${body}</div>
</section>
`;
}
