/**
 * Every class of the package in a small program: trained, saved, loaded, trained on. It runs in Node and in a browser, on any
 * tfjs that the package allows, and the numbers must be the same everywhere.
 */

/** A network whose first weights are always the same. */
function network(tf, optimizer) {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 5, activation: 'tanh', inputShape: [3], name: 'first' }),
      tf.layers.dense({ units: 4, activation: 'tanh', name: 'second' }),
      tf.layers.dense({ units: 1, name: 'last' }),
    ],
  });
  model.setWeights(
    model.getWeights().map(({ shape, size }, part) =>
      tf.tensor(
        Array.from({ length: size }, (_, i) => Math.sin(3 * i + part)),
        shape,
      ),
    ),
  );
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

async function train(tf, model, steps) {
  const x = tf.tensor2d(
    Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    [8, 3],
  );
  const y = tf.tensor2d(
    Array.from({ length: 8 }, (_, i) => Math.cos(i)),
    [8, 1],
  );
  for (let i = 0; i < steps; i++) await model.trainOnBatch(x, y);
  tf.dispose([x, y]);
}

async function valuesOf(model) {
  const all = await Promise.all(model.getWeights().map((weights) => weights.data()));
  return all.flatMap((values) => [...values]);
}

/** By way of the browser's storage; Node has none, and saves into memory. */
async function copyOf(tf, model) {
  if (globalThis.indexedDB !== undefined) {
    await model.save('indexeddb://copy', { includeOptimizer: true });
    return await tf.loadLayersModel('indexeddb://copy');
  }
  let artifacts;
  const keep = async (saved) => {
    artifacts = saved;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  };
  await model.save(tf.io.withSaveHandler(keep), { includeOptimizer: true });
  return await tf.loadLayersModel({ load: async () => artifacts });
}

/** Makers of an optimizer of each class. `ours` is the package. */
export function makers(tf, ours) {
  const schedule = { name: 'cosine', epochs: 5, stepsPerEpoch: 4, warmup: 1 };
  const rates = { learningRate: 0.02, weightDecay: 0.1, convention: 'lr', exclude: 'rank1', schedule };
  const MomentumW = ours.extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
  return {
    AdamW: () => new ours.AdamW(rates),
    AdamL2: () => new ours.AdamL2(rates),
    SGDW: () => new ours.SGDW({ ...rates, convention: 'normalized' }),
    SGDL2: () => new ours.SGDL2(rates),
    NAdamW: () => new ours.NAdamW({ ...rates, placement: 'cautious' }),
    RMSPropW: () => new ours.RMSPropW({ ...rates, centered: true, momentum: 0.5, epsilon: 1e-3 }),
    Lion: () => new ours.Lion(rates),
    Muon: () => new ours.Muon({ ...rates, matrices: ['first/kernel', 'second/kernel'] }),
    DecoupledMomentum: () => new MomentumW({ weightDecay: 0.01, exclude: 'rank1' }, 0.02, 0.9),
  };
}

/**
 * Per class: the values after 10 steps; those of its copy, saved and loaded after 6; what the copy's optimizer is; and how
 * many tensors a step leaves behind.
 */
export async function classes(tf, ours) {
  const found = {};
  for (const [name, make] of Object.entries(makers(tf, ours))) {
    const model = network(tf, make());
    await train(tf, model, 5);
    const before = tf.memory().numTensors;
    await train(tf, model, 1);
    const leaked = tf.memory().numTensors - before;
    const copy = await copyOf(tf, model);
    await train(tf, model, 4);
    await train(tf, copy, 4);
    found[name] = {
      values: await valuesOf(model),
      resumed: await valuesOf(copy),
      loaded: copy.optimizer.getClassName(),
      leaked,
    };
    // The names of the next model's variables must be the same.
    model.dispose();
    copy.dispose();
  }
  return found;
}
