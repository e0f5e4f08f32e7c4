/**
 * tfjs's gradients. The build of tfjs-core that Node can load registers none; only the union package registers them,
 * as a side effect (its own ESM files have imports that Node does not resolve).
 */
import '@tensorflow/tfjs';
