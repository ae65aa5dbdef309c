// The front door of the report: values in, one HTML file or lines for a terminal out.
/**
 * The report: values in, one HTML file or lines for a terminal out.
 *
 * @module softmax-regression/report
 */
export type { GradcheckResult } from './gradcheck.js';
export type {
  Mistake,
  ReportColumn,
  ReportCurves,
  ReportData,
  ReportEnvironment,
  ReportEvaluation,
  ReportInput,
  ReportLambdaPath,
  ReportModel,
} from './report/input.js';
export { confidentMistakes } from './report/mistakes.js';
export type { PictureSize } from './report/picture.js';
export { type ReportSection, renderReport, renderSections } from './report/report.js';
export { formatTable, sparkline, type TextTable, wantsColour } from './report/text.js';
