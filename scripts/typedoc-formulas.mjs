// scripts: what a docstring sets off by two spaces is a formula, and keeps its lines on the page of typedoc.
import { Converter } from 'typedoc';

/** A paragraph of lines that all begin with two spaces, as a block of code; formulas far apart on a line get one each. */
function setOff(paragraph) {
  const lines = paragraph.split('\n');
  if (!lines.every((line) => /^ {2,}\S/.test(line))) return paragraph;
  return ['```text', ...lines.flatMap((line) => line.slice(2).split(/(?<=\S) {4,}/)), '```'].join('\n');
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of Object.values(project.reflections)) {
      for (const part of reflection.comment?.summary ?? []) {
        if (part.kind === 'text') part.text = part.text.split('\n\n').map(setOff).join('\n\n');
      }
    }
  });
}
