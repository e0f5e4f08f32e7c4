"""The benchmark's networks in TensorFlow: the layers, widths and parameters of src/models, by hand."""

import math

import tensorflow as tf

MOMENTUM, EPSILON = 0.9, 1e-5


class Network:
    """Layers as functions; `variables` are what they train."""

    def __init__(self):
        self.variables = []
        self.layers = []

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def variable(self, shape, fan_in):
        value = tf.zeros(shape) if fan_in == 0 else tf.random.normal(shape, stddev=math.sqrt(2 / fan_in))
        self.variables.append(tf.Variable(value))
        return self.variables[-1]

    def dense(self, inputs, outputs):
        weights, bias = self.variable((inputs, outputs), inputs), self.variable((outputs,), 0)
        return lambda x: tf.nn.bias_add(tf.matmul(x, weights), bias)

    def convolution(self, k, inputs, outputs, stride=1, bias=False):
        weights = self.variable((k, k, inputs, outputs), k * k * inputs)
        if not bias:
            return lambda x: tf.nn.conv2d(x, weights, stride, "SAME")
        offset = self.variable((outputs,), 0)
        return lambda x: tf.nn.bias_add(tf.nn.conv2d(x, weights, stride, "SAME"), offset)

    def norm(self, channels):
        scale, offset = tf.Variable(tf.ones(channels)), tf.Variable(tf.zeros(channels))
        self.variables += [scale, offset]
        mean, variance = tf.Variable(tf.zeros(channels)), tf.Variable(tf.ones(channels))

        def apply(x):
            y, m, v = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, epsilon=EPSILON, is_training=True)
            mean.assign(MOMENTUM * mean + (1 - MOMENTUM) * m)
            variance.assign(MOMENTUM * variance + (1 - MOMENTUM) * v)
            return y

        return apply

    def block(self, inputs, outputs, stride):
        conv1, norm1 = self.convolution(3, inputs, outputs, stride), self.norm(outputs)
        conv2, norm2 = self.convolution(3, outputs, outputs), self.norm(outputs)
        if stride == 1 and inputs == outputs:
            return lambda x: tf.nn.relu(norm2(conv2(tf.nn.relu(norm1(conv1(x))))) + x)
        project, norm = self.convolution(1, inputs, outputs, stride), self.norm(outputs)
        return lambda x: tf.nn.relu(norm2(conv2(tf.nn.relu(norm1(conv1(x))))) + norm(project(x)))


def flatten(x):
    return tf.reshape(x, (x.shape[0], -1))


def pool(x):
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def dense_chain(network, size, hidden, classes):
    for units in hidden:
        network.layers += [network.dense(size, units), tf.nn.relu]
        size = units
    network.layers.append(network.dense(size, classes))


def cnn(network, spec, shape):
    height, width, channels = shape["height"], shape["width"], shape["channels"]
    for outputs in spec["filters"]:
        network.layers += [network.convolution(5, channels, outputs, bias=True), tf.nn.relu, pool]
        height, width, channels = height // 2, width // 2, outputs
    network.layers.append(flatten)
    dense_chain(network, height * width * channels, spec["hidden"], shape["classes"])


def resnet(network, spec, shape):
    inputs = spec["width"]
    network.layers += [network.convolution(3, shape["channels"], inputs), network.norm(inputs), tf.nn.relu]
    for stage in range(3):
        for block in range((spec["depth"] - 2) // 6):
            outputs = spec["width"] * 2**stage
            network.layers.append(network.block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
            inputs = outputs
    network.layers += [lambda x: tf.reduce_mean(x, (1, 2)), network.dense(inputs, shape["classes"])]


def build(spec, shape):
    """A network of a configuration's `model:` for images of a shape."""
    network = Network()
    if spec["name"] == "mlp":
        network.layers.append(flatten)
        size = shape["height"] * shape["width"] * shape["channels"]
        dense_chain(network, size, spec["hidden"], shape["classes"])
    elif spec["name"] == "cnn":
        cnn(network, spec, shape)
    else:
        resnet(network, spec, shape)
    return network
