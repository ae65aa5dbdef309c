// Jest's environment of Node. Its workers end at once when jest asks for it: freeing TensorFlow takes longer on a busy machine
// than the 500 ms after which jest warns of open handles and kills the worker.
const { TestEnvironment } = require('jest-environment-node');

/** jest-worker's CHILD_MESSAGE_END. */
const END = 2;

process.on('message', (message) => {
  if (Array.isArray(message) && message[0] === END) process.kill(process.pid, 'SIGKILL');
});

module.exports = TestEnvironment;
