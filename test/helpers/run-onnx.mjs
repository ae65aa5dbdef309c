// What onnxruntime makes of ONNX files: a list of { model, features, shape } as JSON on standard input, the outputs on standard
// output. A process of its own, because the runtime loads its WebAssembly by a dynamic import, which jest does not allow.
import { env, InferenceSession, Tensor } from 'onnxruntime-web';

env.wasm.numThreads = 1;
let input = '';
for await (const chunk of process.stdin) input += chunk;
const results = [];
for (const { model, features, shape, type = 'float32' } of JSON.parse(input)) {
  const session = await InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: ['wasm'] });
  const values = type === 'float64' ? Float64Array.from(features) : Float32Array.from(features);
  const outputs = await session.run({ features: new Tensor(type, values, shape) });
  const plain = ({ type, dims, data }) => ({
    type,
    dims,
    data: Array.from(data, (x) => (typeof x === 'bigint' ? Number(x) : x)),
  });
  results.push({
    inputs: session.inputNames,
    outputs: session.outputNames,
    label: plain(outputs.label),
    probabilities: plain(outputs.probabilities),
  });
  await session.release();
}
process.stdout.write(JSON.stringify(results));
