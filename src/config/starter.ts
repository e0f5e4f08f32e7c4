/** The file that `adamw-bench init` writes: valid as it is, commented, and small enough to run at once. */

/** A commented configuration that runs in about a minute; `name` also names its results folder. */
export function starterYaml(name = 'my-experiment'): string {
  return `# yaml-language-server: $schema=https://unpkg.com/adamw-bench/configs/schema.json
# An adamw-bench experiment. Run it with: adamw-bench run THIS_FILE
# Every setting can be overridden: adamw-bench run THIS_FILE --set train.epochs=20
# Another file can inherit from this one: it has the line "extends: THIS_FILE" and only what differs.

name: ${name} # letters, digits, dots, dashes: results go to results/<name>
description: Does decoupling weight decay make it independent of the learning rate?

dataset:
  name: synthetic-mnist # or synthetic-cifar, mnist, fashion-mnist, cifar10, cifar100, imagenet32
  # Your own images, a folder of them for each class: in place of the lines below, name: images and path: FOLDER
  train: 1000 # a class-balanced subset; leave out for all images
  test: 1000
  labelNoise: 0 # share of wrong training labels, 0 to 1; with some, decay matters more
  # augment: { crop: 4, flip: true } # what the paper does on CIFAR-10

model:
  name: mlp # or cnn, resnet, shake-shake, wide-resnet
  hidden: [64]

train:
  epochs: 4
  batchSize: 64
  schedule: { name: cosine } # or constant, step, wsd, warm-restarts
  seeds: [0, 1, 2] # each lr and wd is trained once per seed; error bars need three or more

# adam and sgd use L2 regularisation of strength wd; adamw and sgdw decoupled weight decay wd.
optimizers:
  - adam
  - adamw
  # An entry may override the grid and more; two of one kind need distinct labels:
  # - name: sgdw
  #   label: SGDW, small decay
  #   lr: [0.01, 0.1]
  #   momentumForm: torch

# Every optimizer is trained at every learning rate with every decay. By the paper's convention each step of adamw
# and sgdw subtracts wd * theta, not multiplied by lr. So a good wd is small: about 1 / number of steps, or less.
grid:
  lr: { logspace: { base: 2, from: -10, to: -6, steps: 3 } } # 2^-10, 2^-8, 2^-6
  wd: [0, 0.0001, 0.001, 0.01]

backend: auto # or tensorflow, onednn, wasm, cpu
# workers: 2 # number of worker processes; default one per core
`;
}
