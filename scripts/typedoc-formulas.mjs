// scripts: a typedoc plugin that renders formulas, which docstrings indent by two spaces, as code blocks.
import { Converter } from 'typedoc';

/** Turns a paragraph of lines that begin with two spaces into a code block. Formulas far apart get separate lines. */
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
