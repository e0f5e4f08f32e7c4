"""Training steps in TensorFlow, for `npm run bench -- --tensorflow`: `python bench/peers/tensorflow_steps.py SETUP`.

Speaks bench/speed/worker.mjs's protocol (serve.py). SETUP is JSON: {"model", "shape", "batchSize", "threads", "jit"}. A step
is one tf.function, compiled by XLA with "jit": forward, backward, AdamW; the loss is read after each step.
"""

import json
import math
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf
from serve import serve
from tensorflow_networks import build

LR, WD, BETA1, BETA2, EPS = 1e-3, 1e-2, 0.9, 0.999, 1e-8

setup = json.loads(sys.argv[1])
tf.config.threading.set_intra_op_parallelism_threads(setup["threads"])
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.random.set_seed(0)
shape, n = setup["shape"], setup["batchSize"]
random = np.random.default_rng(0)
size = (n, shape["height"], shape["width"], shape["channels"])
images = [random.standard_normal(size, np.float32) for _ in range(8)]
labels = [random.integers(0, shape["classes"], n).astype(np.int32) for _ in range(8)]


def adamw(variables):
    """AdamW with TensorFlow's fused Adam: a function that applies gradients."""
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]
    power1, power2 = tf.Variable(BETA1), tf.Variable(BETA2)

    def apply(gradients):
        for variable, (m, v), gradient in zip(variables, moments, gradients, strict=True):
            variable.assign_sub(LR * WD * variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=power1,
                beta2_power=power2,
                lr=LR,
                beta1=BETA1,
                beta2=BETA2,
                epsilon=EPS,
                grad=gradient,
            )
        power1.assign(power1 * BETA1)
        power2.assign(power2 * BETA2)

    return apply


network = build(setup["model"], shape)
update = adamw(network.variables)


@tf.function(jit_compile=setup["jit"])
def train(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=network(x)))
    update(tape.gradient(loss, network.variables))
    return loss


t = 0


def step():
    global t
    loss = float(train(tf.constant(images[t % 8]), tf.constant(labels[t % 8])))
    t += 1
    if not math.isfinite(loss):
        raise ValueError(f"the loss was {loss} at step {t}")


serve(lambda message: step, n, {"version": tf.__version__})
