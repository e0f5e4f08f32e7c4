import { describeKernels } from './kernels.js';

describeKernels('the best instruction set of this machine');
