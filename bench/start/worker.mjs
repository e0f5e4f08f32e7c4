/**
 * What a worker process does before its first cell, in a process of its own: `node bench/start/worker.mjs BACKEND`. It
 * gets its messages from here, and ends when it is ready.
 */
const [backend] = process.argv.slice(2);
// A worker without a coordinator exits at once. Here it has one that listens to nothing.
process.connected = true;
process.send = (message, handle, options, sent) => sent();
await import('../../dist/runner/workerStart.js');
const setup = {
  dataset: { name: 'synthetic-mnist', train: 64, test: 16, subsetSeed: 0, labelNoise: 0 },
  backend,
  threads: 1,
  checkpoints: 'none',
  policy: { epochs: 0, seconds: 0 },
};
process.emit('message', { type: 'setup', setup });
// It is told to stop while it is busy: so it ends once it has done that.
process.emit('message', { type: 'stop' });
