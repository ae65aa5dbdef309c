// cli: softmax-regression export.
import { Command } from 'commander';
import { OutputOption } from '../files.js';
import { jsonOption, modelArgument } from '../usage.js';

interface Options {
  readonly output: string;
  readonly name?: string;
  readonly json?: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('export a model to ONNX, for other runtimes')
    .addArgument(modelArgument())
    .addOption(
      new OutputOption('-o, --output <file>', 'the file to write, such as model.onnx; -: standard output', {
        isBinary: true,
      }).makeOptionMandatory(),
    )
    .option('--name <name>', 'name of the ONNX graph')
    .addOption(jsonOption())
    .action(exportModel);
}

async function exportModel(modelFile: string, { output, name, json }: Options): Promise<void> {
  const { destination, writeResult } = await import('../destination.js');
  const { loadModel } = await import('../../node/model-files.js');
  const { toOnnx } = await import('../../serialization/onnx.js');
  const { count } = await import('../output.js');
  const { print, printJson } = await import('../terminal.js');
  const model = await loadModel(modelFile);
  const bytes = toOnnx(model, { name });
  await writeResult(output, bytes);
  const { classes, numFeatures, featureNames, columns } = model;
  if (json)
    return printJson({
      file: output,
      bytes: bytes.length,
      input: { features: ['N', numFeatures] },
      classes,
      featureNames,
    });
  print([
    `ONNX: ${destination(output)}, ${count(bytes.length)} bytes`,
    `  in   features, ${columns === undefined ? 'float' : 'double'} [N, ${numFeatures}]${featureNames === undefined ? '' : `: ${featureNames.join(', ')}`}`,
    `  out  label [N], probabilities, float [N, ${classes.length}]: ${classes.join(', ')}`,
  ]);
}
