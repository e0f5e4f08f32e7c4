// The instruction set is chosen once in a process, and each test file has its own.
process.env['ADAMW_BENCH_ISA'] = 'base';
const { describeKernels } = await import('./kernels.js');

describeKernels('the plain instruction set');
