// web: the files that the page makes: the model and its report.
import type { Client } from './client.js';
import type { ModelFormat } from './messages.js';
import { loadReport } from './report.js';
import { say } from './views.js';

export async function saveModel(client: Client, format: ModelFormat): Promise<void> {
  download(`model.${format}`, await client.call('save', format), 'application/octet-stream');
}

export async function saveReport(client: Client): Promise<void> {
  const [values, { renderReport }] = await Promise.all([client.call('report'), loadReport()]);
  const date = new Date().toISOString().slice(0, 10);
  download('report.html', await renderReport({ ...values, date }), 'text/html');
}

function download(name: string, content: BlobPart, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  say('model-state', `Saved as ${name}.`);
}
