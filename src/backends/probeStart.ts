/**
 * Where the process of probe.ts begins. Ctrl-C reaches every process of a terminal. Here it is ignored, and the parent
 * decides: a trial that Ctrl-C ended would look like a backend that crashes.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(1));
// Loading takes a second or more, in which a signal would end the process.
await import('./probeChild.js');
