// report: renders the page, from plain values to one HTML string.
import { calibrationSection } from './calibration.js';
import { openCharts } from './chart.js';
import { classSection, confusionSection } from './confusion.js';
import { curvesSection } from './curves.js';
import { type Html, html, trusted } from './html.js';
import { assertReportInput, type ReportInput } from './input.js';
import { learningSection } from './learning.js';
import { mistakesSection } from './mistakes.js';
import { weightsSection } from './model/weights.js';
import { penaltySection } from './penalty.js';
import { openPictures } from './picture.js';
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

function sectionsOf(
  input: ReportInput,
  charts: Awaited<ReturnType<typeof openCharts>>,
  pictures: Awaited<ReturnType<typeof openPictures>> | undefined,
): Section[] {
  const { data, model, evaluation, fit, lambdaPath, gradcheck, curves, mistakes, environment } = input;
  const { reliability, expectedCalibrationError } = evaluation;
  const sections = [
    trainingSection(input),
    lambdaPath && penaltySection(lambdaPath, model, charts),
    fit && learningSection(fit, model, charts),
    confusionSection(evaluation, charts),
    classSection(evaluation),
    curves && curvesSection(curves, model, charts),
    reliability && calibrationSection(reliability, expectedCalibrationError, charts),
    mistakes && mistakesSection(mistakes, input, pictures),
    weightsSection(input, pictures, charts),
    gradcheck && proofSection(gradcheck, charts),
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
