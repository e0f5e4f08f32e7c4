/** Sweeps on many machines: BullMQ queues on a Redis. */
export { QueueError, addressVariable, findAddress, parseAddress, type RedisAddress } from './address.js';
export { changeQueues, queueStatus, type QueueStatus, type SweepStatus } from './admin.js';
export { connect } from './connection.js';
export { queueExecutor, type QueueSettings } from './coordinator.js';
export type { ServeEvents, ServeOptions } from './workerState.js';
export { serve } from './serve.js';
export type { CellOutcome } from './takenJob.js';
