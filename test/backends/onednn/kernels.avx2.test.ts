// The instruction sets, ours and oneDNN's, are chosen once in a process, and each test file has its own.
process.env['ADAMW_BENCH_ISA'] = 'avx2';
process.env['DNNL_MAX_CPU_ISA'] = 'AVX2';
const { describeKernels } = await import('./kernels.js');

describeKernels('AVX2');
