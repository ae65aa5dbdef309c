// A prediction service on node:http. It takes a model that was trained on a table:
//   npx softmax-regression train examples/iris.csv --label species -o iris.safetensors
//   npx tsx examples/http.ts iris.safetensors 8080
//   curl localhost:8080/predict -d '{"sepal_length":6.1,"sepal_width":2.9,"petal_length":4.7,"petal_width":1.4}'
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadRecordPredictor, type RecordPredictor } from 'softmax-regression/predict-records';

const MAX_BYTES = 1e6;

type Headers = Readonly<Record<string, string>>;

/** A request that cannot be answered. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, message: string, headers: Headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** POST /predict: a record, or a list of records, as JSON. */
export function predictionServer(predictor: RecordPredictor): Server {
  const server = createServer(async (request, response) => {
    // A connection that stays open would keep a server from closing.
    const reply = (status: number, body: unknown, headers: Headers = {}) => {
      const last = server.listening ? {} : { connection: 'close' };
      response.writeHead(status, { ...headers, ...last, 'content-type': 'application/json' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    try {
      reply(200, await answer(request, predictor));
    } catch (error) {
      const { status, message, headers } = refusalOf(error);
      reply(status, { error: message }, headers);
    }
  });
  return server;
}

async function answer(request: IncomingMessage, predictor: RecordPredictor): Promise<unknown> {
  if (request.url?.split('?')[0] !== '/predict') throw new Refusal(404, 'POST to /predict.');
  if (request.method !== 'POST') throw new Refusal(405, 'POST to /predict.', { allow: 'POST' });
  const body: unknown = parse(await bodyOf(request));
  const predictions = predictor.predictRecords(Array.isArray(body) ? body : [body]);
  const json = predictions.map((each) => ({ ...each, probabilities: [...each.probabilities] }));
  return Array.isArray(body) ? json : json[0];
}

/** The text of a body. One that is too long is refused before all of it has arrived, and the connection is closed. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    length += part.length;
    if (length > MAX_BYTES)
      throw new Refusal(413, `The body must have at most ${MAX_BYTES} bytes.`, { connection: 'close' });
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'The body must be a record or a list of records, as JSON.');
  }
}

/** The errors of the package name the record and the key; others are not for the client. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, message } = error as { readonly code?: string; readonly message: string };
  if (code === 'FORMAT' || code === 'SHAPE') return new Refusal(400, message);
  console.error(error);
  return new Refusal(500, 'The request could not be answered.');
}

/** Serves until the process is terminated; then it answers the requests in progress and ends. */
export async function main(
  print: (line: string) => void = console.log,
  { file, port = '8080' }: { readonly file?: string; readonly port?: string } = {},
): Promise<void> {
  if (file === undefined) return print('usage: npx tsx examples/http.ts MODEL [PORT]');
  const server = predictionServer(loadRecordPredictor(readFileSync(file)));
  await new Promise<void>((resolve) => void server.listen(Number(port), '127.0.0.1', resolve));
  print(`http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`);
  const stop = () => {
    server.close();
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

if (require.main === module) {
  const [file, port] = process.argv.slice(2);
  main(console.log, { file, port });
}
