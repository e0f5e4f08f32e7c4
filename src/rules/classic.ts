/**
 * The settings of Adam and SGD. Each has those of the other, too, which it does not use: the identity of a cell is a
 * hash of its settings, and the cells of these two rules have always had all of them.
 */
import { choice, positive, share } from './settings.js';

export const classicSettings = {
  beta1: share(0.9, 'Decay rate of the first moment; for SGD, the momentum.'),
  beta2: share(0.999, 'Decay rate of the second moment (Adam).'),
  eps: positive(1e-8, 'Added to the denominator (Adam).'),
  epsForm: choice(
    ['paper', 'torch7'],
    "paper: eps is added to sqrt(vhat). torch7: to sqrt(v), as in the authors' code (Adam).",
  ),
  momentumForm: choice(
    ['paper', 'torch'],
    'paper: m accumulates lr*g. torch: m accumulates g, lr multiplies the update (SGD).',
  ),
};
