// The instruction sets, ours and oneDNN's, are chosen once in a process, and each test file has its own.
process.env['ADAMW_BENCH_ISA'] = 'base';
process.env['DNNL_MAX_CPU_ISA'] = 'SSE41';
const { describeKernels } = await import('./kernels.js');

describeKernels('the plain instruction set');
