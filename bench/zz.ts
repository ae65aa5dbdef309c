import { selectBackend } from 'softmax-regression';
import { loadFashionMnist } from 'softmax-regression/node';
import { openPeers } from './peers.js';
import { benchSolver } from './solver.js';

async function main() {
  await selectBackend('tensorflow');
  const data = await loadFashionMnist();
  const peers = await openPeers(data);
  try {
    await benchSolver(data, peers.scikitLearn);
  } finally {
    peers.close();
  }
}
main().catch(console.error);
