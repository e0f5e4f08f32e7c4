/**
 * tfjs's gradients. The build of tfjs-core that Node can load registers none; they come, as a side effect, with the
 * union package alone (its own ESM files have imports that Node does not resolve).
 */
import '@tensorflow/tfjs';
