/** Every refusal, by the exact text that the user reads. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadExperiment } from '../../src/config/index.js';
import { VALID, changed, folder, messageOf, refusal, write } from './write.js';

const refuses = (from: string, to: string): string => refusal(changed(from, to));

describe('keys', () => {
  test('a misspelt key', () => {
    expect(refuses('  epochs: 4', '  epohcs: 4')).toMatchInlineSnapshot(`
      "a.yaml:6:3: unknown key \`epohcs\` in \`train\`
        6 |   epohcs: 4
          |   ^^^^^^
        did you mean \`epochs\`?"
    `);
  });
  test('a key in the wrong place', () => {
    expect(refuses('train:\n', 'batchSize: 32\ntrain:\n')).toMatchInlineSnapshot(`
      "a.yaml:5:1: unknown key \`batchSize\`
        5 | batchSize: 32
          | ^^^^^^^^^
        it belongs at \`train.batchSize\`; keys here: name, description, dataset, model, train, optimizers, grid, confirm, endpoints, backend, workers, threads, xla"
    `);
  });
  test('a key under another name', () => {
    expect(refuses('lr: [0.01, 0.1]', 'learning_rate: [0.1]')).toMatchInlineSnapshot(`
      "a.yaml:10:5: unknown key \`learning_rate\` in \`optimizers.1\`
        10 |     learning_rate: [0.1]
           |     ^^^^^^^^^^^^^
        did you mean \`lr\`?"
    `);
  });
  test('a key of another variant', () => {
    expect(refuses('  name: mlp', '  name: mlp\n  depth: 20')).toMatchInlineSnapshot(`
      "a.yaml:5:3: unknown key \`depth\` in \`model\`
        5 |   depth: 20
          |   ^^^^^
        it belongs to resnet, shake-shake, wide-resnet; keys here: name, hidden, batchNorm"
    `);
  });
  test('a duplicate key', () => {
    expect(refuses('  epochs: 4', '  epochs: 4\n  epochs: 5')).toMatchInlineSnapshot(`
      "a.yaml:7:3: duplicate key \`epochs\`, first given on line 6
        7 |   epochs: 5
          |   ^^^^^^"
    `);
  });
  test('keys that are not words', () => {
    expect(refuses('name: valid', '1: a\n? [x]\n: b\nname: valid')).toMatchInlineSnapshot(`
      "a.yaml:1:1: a key must be a plain word
        1 | 1: a
          | ^
        write \`key: value\`

      a.yaml:2:3: a key must be a plain word
        2 | ? [x]
          |   ^^^
        write \`key: value\`"
    `);
  });
  test('keys that mean something to JavaScript', () => {
    expect(refuses('name: valid', '__proto__: {a: 1}\nconstructor: 2\nname: valid')).toMatchInlineSnapshot(`
      "a.yaml:1:1: the key \`__proto__\` is not allowed
        1 | __proto__: {a: 1}
          | ^^^^^^^^^

      a.yaml:2:1: the key \`constructor\` is not allowed
        2 | constructor: 2
          | ^^^^^^^^^^^"
    `);
  });
  test('a merge key', () => {
    expect(refuses('dataset: { name: mnist }', 'dataset: { <<: {name: mnist}, name: mnist }'))
      .toMatchInlineSnapshot(`
      "a.yaml:2:12: merge keys (\`<<\`) are not supported
        2 | dataset: { <<: {name: mnist}, name: mnist }
          |            ^^
        use \`extends: other.yaml\`, or repeat the keys"
    `);
  });
  test('missing keys', () => {
    expect(refusal({ 'a.yaml': 'name: x\ntrain: {}\ngrid:\n  lr: [1]\n' })).toMatchInlineSnapshot(`
      "a.yaml:1:1: \`dataset\` is missing: expected a map with the keys name, train, test, validation, subset, subsetSeed, labelNoise, augment, or a map with the keys name, op, p, share, validation, subsetSeed, labelNoise, or a map with the keys name, path, size, channels, background, test, train, validation, subset, subsetSeed, labelNoise, augment, content, or a map with the keys name, path, length, test, train, validation, content
        1 | name: x
          | ^

      a.yaml:1:1: \`model\` is missing: expected a map with a \`name\`: one of mlp, cnn, resnet, shake-shake, wide-resnet, transformer
        1 | name: x
          | ^

      a.yaml:1:1: \`optimizers\` is missing: expected a non-empty list
        1 | name: x
          | ^

      a.yaml:2:8: \`train.epochs\` is missing: expected a whole number above 0
        2 | train: {}
          |        ^^

      a.yaml:3:1: \`grid.wd\` is missing: expected a non-empty list of numbers of at least 0, or {values, logspace: {base, from, to, steps}}
        3 | grid:
          | ^^^^"
    `);
  });
});

describe('values', () => {
  test('an unknown word', () => {
    expect(refuses('{ name: mnist }', '{ name: mnits }')).toMatchInlineSnapshot(`
      "a.yaml:2:18: \`dataset.name\` is "mnits": expected one of synthetic-mnist, synthetic-cifar, mnist, fashion-mnist, cifar10, cifar100, imagenet32, modular, images, text
        2 | dataset: { name: mnits }
          |                  ^^^^^
        did you mean \`mnist\`?"
    `);
  });
  test('an unknown model', () => {
    expect(refuses('name: mlp', 'name: resent')).toMatchInlineSnapshot(`
      "a.yaml:4:9: \`model.name\` is "resent": expected one of mlp, cnn, resnet, shake-shake, wide-resnet, transformer
        4 |   name: resent
          |         ^^^^^^
        did you mean \`resnet\`?"
    `);
  });
  test('unknown optimizers', () => {
    expect(refuses('- adam\n', '- admw\n  - 7\n  - {lr: [1]}\n')).toMatchInlineSnapshot(`
      "a.yaml:8:5: \`optimizers.0\` is "admw": expected one of adam, adamw, sgd, sgdw, nesterov, amsgrad, adamax, nadam, radam, rmsprop, adagrad, adadelta, lion, muon, or a map with one of them as its \`name\`
        8 |   - admw
          |     ^^^^
        did you mean \`adamw\`?

      a.yaml:9:5: \`optimizers.1\` is 7: expected one of adam, adamw, sgd, sgdw, nesterov, amsgrad, adamax, nadam, radam, rmsprop, adagrad, adadelta, lion, muon, or a map with one of them as its \`name\`
        9 |   - 7
          |     ^

      a.yaml:10:5: \`optimizers.2.name\` is missing: expected one of adam, adamw, sgd, sgdw, nesterov, amsgrad, adamax, nadam, radam, rmsprop, adagrad, adadelta, lion, muon
        10 |   - {lr: [1]}
           |     ^^^^^^^^^"
    `);
  });
  test('a word for a number, an empty value and a fraction', () => {
    const to = 'epochs: many\n  batchSize:\n  warmup: 1_0\n  seeds: [0.5]';
    expect(refuses('epochs: 4', to)).toMatchInlineSnapshot(`
      "a.yaml:6:11: \`train.epochs\` is "many": expected a whole number above 0
        6 |   epochs: many
          |           ^^^^

      a.yaml:7:3: \`train.batchSize\` is empty: expected a whole number above 0
        7 |   batchSize:
          |   ^^^^^^^^^

      a.yaml:8:11: \`train.warmup\` is "1_0": expected a number of at least 0
        8 |   warmup: 1_0
          |           ^^^
        write it as 10

      a.yaml:9:11: \`train.seeds.0\` is 0.5: expected a whole number of at least 0
        9 |   seeds: [0.5]
          |           ^^^"
    `);
  });
  test('negative, infinite and undefined numbers', () => {
    expect(refuses('lr: [0.001, 0.002]', 'lr: [-0.1, .inf, .nan, 0, 1e999]')).toMatchInlineSnapshot(`
      "a.yaml:12:8: \`grid.lr.0\` is -0.1: expected a number above 0
        12 |   lr: [-0.1, .inf, .nan, 0, 1e999]
           |        ^^^^

      a.yaml:12:14: \`grid.lr.1\` is infinite: expected a number above 0
        12 |   lr: [-0.1, .inf, .nan, 0, 1e999]
           |              ^^^^

      a.yaml:12:20: \`grid.lr.2\` is not a number (.nan): expected a number above 0
        12 |   lr: [-0.1, .inf, .nan, 0, 1e999]
           |                    ^^^^

      a.yaml:12:26: \`grid.lr.3\` is 0: expected a number above 0
        12 |   lr: [-0.1, .inf, .nan, 0, 1e999]
           |                          ^

      a.yaml:12:29: \`grid.lr.4\` is infinite: expected a number above 0
        12 |   lr: [-0.1, .inf, .nan, 0, 1e999]
           |                             ^^^^^"
    `);
  });
  test('a depth that no resnet has', () => {
    expect(refuses('name: mlp', 'name: resnet\n  depth: 21')).toMatchInlineSnapshot(`
      "a.yaml:5:10: \`model.depth\` is 21: it must be 6n+2: 8, 14, 20, 26, 32, ...
        5 |   depth: 21
          |          ^^"
    `);
  });
  test('a name that is no folder', () => {
    expect(refuses('name: valid', 'name: ../up')).toMatchInlineSnapshot(`
      "a.yaml:1:7: \`name\` is "../up": it must be letters, digits, dots, dashes and underscores: it names the results folder
        1 | name: ../up
          |       ^^^^^"
    `);
  });
  test('a label that drives the terminal', () => {
    expect(refuses('name: adamw', 'name: adamw\n    label: "a\\e[31m"')).toMatchInlineSnapshot(`
      "a.yaml:10:12: \`optimizers.1.label\` is "a\\u001b[31m": it must not contain control characters
        10 |     label: "a\\e[31m"
           |            ^^^^^^^^^"
    `);
  });
});

describe('grids', () => {
  test('an empty axis', () => {
    expect(refuses('[0, 0.01]', '[]')).toMatchInlineSnapshot(`
      "a.yaml:13:7: \`grid.wd\` is an empty list: expected a non-empty list of numbers of at least 0, or {values, logspace: {base, from, to, steps}}
        13 |   wd: []
           |       ^^"
    `);
  });
  test('one number', () => {
    expect(refuses('[0, 0.01]', '0.01')).toMatchInlineSnapshot(`
      "a.yaml:13:7: \`grid.wd\` is 0.01: expected a non-empty list of numbers of at least 0, or {values, logspace: {base, from, to, steps}}
        13 |   wd: 0.01
           |       ^^^^
        a single value is a list of one: [0.01]"
    `);
  });
  test('a value twice', () => {
    expect(refuses('[0, 0.01]', '[0, 0.01, 1e-2]')).toMatchInlineSnapshot(`
      "a.yaml:13:17: \`grid.wd.2\` is 0.01: it must not occur twice on an axis
        13 |   wd: [0, 0.01, 1e-2]
           |                 ^^^^"
    `);
  });
  test('a value twice, with a logspace', () => {
    const to = '{ values: [0.5], logspace: { from: -1, to: 1, steps: 3 } }';
    expect(refuses('[0, 0.01]', to)).toMatchInlineSnapshot(`
      "a.yaml:13:7: \`grid.wd\` must not contain 0.5 twice
        13 |   wd: { values: [0.5], logspace: { from: -1, to: 1, steps: 3 } }
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    `);
  });
  test('a logspace with a misspelt and a missing key', () => {
    expect(refuses('[0, 0.01]', '{ logspace: { from: -1, too: 1, steps: 3 } }')).toMatchInlineSnapshot(`
      "a.yaml:13:31: unknown key \`too\` in \`grid.wd.logspace\`
        13 |   wd: { logspace: { from: -1, too: 1, steps: 3 } }
           |                               ^^^
        did you mean \`to\`?"
    `);
  });
  test('a logspace out of range', () => {
    const at = (from: number, to: number) => `{ logspace: { base: 10, from: ${from}, to: ${to}, steps: 2 } }`;
    expect(refuses('[0.001, 0.002]', at(-400, 0))).toMatchInlineSnapshot(`
      "a.yaml:12:7: \`grid.lr\` must not reach 0
        12 |   lr: { logspace: { base: 10, from: -400, to: 0, steps: 2 } }
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    `);
    expect(refuses('[0.001, 0.002]', at(0, 400))).toMatchInlineSnapshot(`
      "a.yaml:12:7: \`grid.lr\` must not reach Infinity
        12 |   lr: { logspace: { base: 10, from: 0, to: 400, steps: 2 } }
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    `);
  });
});

describe('contradictions', () => {
  test('equal labels', () => {
    expect(refuses('- adam\n', '- {name: adamw, convention: lr}\n')).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.1\` must have a label other than "AdamW", which is that of \`optimizers.0\`
        9 |   - name: adamw
          |     ^
        add a distinct label, e.g. {name: adamw, label: AdamW (second), ...}"
    `);
  });
  test('equal labels that were given', () => {
    expect(refuses('- adam\n', '- {name: adam, label: AdamW}\n')).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.1\` must have a label other than "AdamW", which is that of \`optimizers.0\`
        9 |   - name: adamw
          |     ^
        add a distinct label, e.g. {name: adamw, label: AdamW (second), ...}"
    `);
  });
  test('equal but for the label', () => {
    expect(refuses('- adam\n', '- adam\n  - {name: adam, label: B, epochs: 4}\n')).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.1\` must differ from \`optimizers.0\` in more than its label
        9 |   - {name: adam, label: B, epochs: 4}
          |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    `);
  });
  test('a name and a placement', () => {
    expect(refuses('- adam\n', '- adam\n  - {name: adamw, label: B, placement: l2}\n'))
      .toMatchInlineSnapshot(`
      "a.yaml:9:40: \`optimizers.1.placement\` is "l2": it contradicts the name adamw, which means adam with decoupled decay
        9 |   - {name: adamw, label: B, placement: l2}
          |                                        ^^
        write {name: adam, placement: l2}, or {name: adamw} alone"
    `);
  });
  test('a placement that means nothing', () => {
    const both = '- {name: sgd, placement: l2-in-v}\n  - {name: sgd, placement: l2-in-m}\n';
    expect(refuses('- adam\n', both)).toMatchInlineSnapshot(`
      "a.yaml:8:28: \`optimizers.0.placement\` is "l2-in-v": it has no meaning for sgd, which has no second moment
        8 |   - {name: sgd, placement: l2-in-v}
          |                            ^^^^^^^
        sgd takes l2, decoupled, cautious and none

      a.yaml:9:28: \`optimizers.1.placement\` is "l2-in-m": it is the same as l2 for sgd, which has no second moment for the gradient to enter
        9 |   - {name: sgd, placement: l2-in-m}
          |                            ^^^^^^^
        write placement: l2"
    `);
  });
  test('a placement, a convention, a setting or a measurement that a rule cannot have', () => {
    const several = [
      '- {name: lion, placement: l2-in-v}',
      '- {name: nesterov, placement: l2-in-m}',
      '- {name: muon, placement: l2-in-m}',
      '- {name: nadam, convention: lr}',
      '- {name: adam, convention: timescale}',
      '- {name: rmsprop, placement: none, convention: constant, wd: [0]}',
    ].join('\n  ');
    expect(refuses('- adam\n', `${several}\n`)).toMatchInlineSnapshot(`
      "a.yaml:8:29: \`optimizers.0.placement\` is "l2-in-v": it has no meaning for lion, which has no second moment
        8 |   - {name: lion, placement: l2-in-v}
          |                             ^^^^^^^
        lion takes l2, decoupled, cautious and none

      a.yaml:9:33: \`optimizers.1.placement\` is "l2-in-m": it is the same as l2 for nesterov, which has no second moment for the gradient to enter
        9 |   - {name: nesterov, placement: l2-in-m}
          |                                 ^^^^^^^
        write placement: l2

      a.yaml:10:29: \`optimizers.2.placement\` is "l2-in-m": it has no meaning for muon, whose matrices have no second moment that decay could avoid
        10 |   - {name: muon, placement: l2-in-m}
           |                             ^^^^^^^
        muon takes l2, decoupled, cautious and none

      a.yaml:11:31: \`optimizers.3.convention\` is "lr": it has no meaning with the placement l2: wd is part of the gradient, which the learning rate multiplies
        11 |   - {name: nadam, convention: lr}
           |                               ^^
        leave it out, or write placement: decoupled

      a.yaml:12:30: \`optimizers.4.convention\` is "timescale": it has no meaning with the placement l2: wd is part of the gradient, which the learning rate multiplies
        12 |   - {name: adam, convention: timescale}
           |                              ^^^^^^^^^
        leave it out, or write placement: decoupled

      a.yaml:13:50: \`optimizers.5.convention\` is "constant": it has no meaning with the placement none: there is no decay
        13 |   - {name: rmsprop, placement: none, convention: constant, wd: [0]}
           |                                                  ^^^^^^^^
        leave it out, or write placement: decoupled"
    `);
    expect(refuses('- adam\n', '- {name: nadam, rho: 0.9, eps: 0}\n')).toMatchInlineSnapshot(`
      "a.yaml:8:19: unknown key \`rho\` in \`optimizers.0\`
        8 |   - {name: nadam, rho: 0.9, eps: 0}
          |                   ^^^
        it belongs to rmsprop, adadelta; keys here: name, placement, label, lr, wd, beta1, beta2, eps, momentumDecay, convention, exclude, schedule, epochs

      a.yaml:8:34: \`optimizers.0.eps\` is 0: expected a number above 0
        8 |   - {name: nadam, rho: 0.9, eps: 0}
          |                                  ^"
    `);
    expect(refuses('- adam\n', '- {name: rmsprop, centered: 1, momentumForm: keras}\n'))
      .toMatchInlineSnapshot(`
      "a.yaml:8:31: \`optimizers.0.centered\` is 1: expected true or false
        8 |   - {name: rmsprop, centered: 1, momentumForm: keras}
          |                               ^

      a.yaml:8:48: \`optimizers.0.momentumForm\` is "keras": expected one of torch, paper
        8 |   - {name: rmsprop, centered: 1, momentumForm: keras}
          |                                                ^^^^^"
    `);
    expect(refuses('- adam\n', '- {name: rmsprop, rho: 1.0e-60}\n')).toMatchInlineSnapshot(`
      "a.yaml:8:26: \`optimizers.0.rho\` is 1e-60: it must fit into float32, but rounds to 0 there
        8 |   - {name: rmsprop, rho: 1.0e-60}
          |                          ^^^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
    const recording = VALID.replace('epochs: 4', 'epochs: 4\n  recordDecay: true');
    const measured = '- nadam\n  - {name: lion}\n  - {name: rmsprop, placement: l2-in-v}\n';
    expect(refusal({ 'a.yaml': recording.replace('- adam\n', measured) })).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.0\` is "nadam": it decays by l2, whose effect \`train.recordDecay\` can measure for adam and sgd only
        9 |   - nadam
          |     ^^^^^
        leave train.recordDecay out, or train it in a configuration of its own"
    `);
  });
  test('decay that is placed nowhere', () => {
    const both = '- {name: adam, placement: none}\n  - {name: sgd, placement: none, wd: [0, 0.1]}\n';
    expect(refuses('- adam\n', both)).toMatchInlineSnapshot(`
      "a.yaml:8:29: \`optimizers.0.placement\` is "none": it takes wd 0 only, and \`grid.wd\` has others
        8 |   - {name: adam, placement: none}
          |                             ^^^^
        add wd: [0] beside it

      a.yaml:9:38: \`optimizers.1.wd\` must be [0], since \`placement\` is none
        9 |   - {name: sgd, placement: none, wd: [0, 0.1]}
          |                                      ^^^^^^^^
        write wd: [0]"
    `);
  });
  test('one optimizer in two spellings', () => {
    const two = '- {name: adam, placement: decoupled, lr: [0.01, 0.1], label: B}\n';
    expect(refuses('- adam\n', two)).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.1\` must differ from \`optimizers.0\` in more than its label
        9 |   - name: adamw
          |     ^"
    `);
  });
  test('a batch larger than the training set', () => {
    const to = 'dataset: { name: mnist, train: 100 }';
    expect(refuses('dataset: { name: mnist }', to)).toMatchInlineSnapshot(`
      "a.yaml:5:1: \`train.batchSize\` is 128 by default: it must be at most 100, the number of training images
        5 | train:
          | ^^^^^"
    `);
  });
  test('a batch larger than the training set, both given', () => {
    expect(refuses('  epochs: 4', '  epochs: 4\n  batchSize: 70000')).toMatchInlineSnapshot(`
      "a.yaml:7:14: \`train.batchSize\` is 70000: it must be at most 60000, the number of training images
        7 |   batchSize: 70000
          |              ^^^^^"
    `);
  });
  test('a subset larger than the data set', () => {
    expect(refuses('{ name: mnist }', '{ name: mnist, test: 10001 }')).toMatchInlineSnapshot(`
      "a.yaml:2:31: \`dataset.test\` is 10001: it must be at most 10000, the images that mnist has
        2 | dataset: { name: mnist, test: 10001 }
          |                               ^^^^^"
    `);
  });
  test('a restart cycle and a warm-up longer than the run', () => {
    const cycle = 'epochs: 4\n  schedule: {name: warm-restarts, firstCycle: 5}';
    expect(refuses('epochs: 4', cycle)).toMatchInlineSnapshot(`
      "a.yaml:7:47: \`train.schedule.firstCycle\` is 5: it must fit into the run: the run has 4 epochs
        7 |   schedule: {name: warm-restarts, firstCycle: 5}
          |                                               ^"
    `);
    expect(refuses('epochs: 4', 'epochs: 4\n  warmup: 4')).toMatchInlineSnapshot(`
      "a.yaml:7:11: \`train.warmup\` is 4: it must be shorter than the run of 4 epochs
        7 |   warmup: 4
          |           ^"
    `);
    const own = 'lr: [1]\n    schedule: {name: warm-restarts, firstCycle: 3}\n    epochs: 2';
    expect(refuses('lr: [0.01, 0.1]', own)).toMatchInlineSnapshot(`
      "a.yaml:11:49: \`optimizers.1.schedule.firstCycle\` is 3: it must fit into the run: the run has 2 epochs
        11 |     schedule: {name: warm-restarts, firstCycle: 3}
           |                                                 ^"
    `);
  });
  test('a step schedule out of order, and a seed twice', () => {
    const to = 'epochs: 4\n  schedule: {name: step, at: [0.6, 0.3]}\n  seeds: [1, 2, 1]';
    expect(refuses('epochs: 4', to)).toMatchInlineSnapshot(`
      "a.yaml:7:30: \`train.schedule.at\` must ascend, each value once
        7 |   schedule: {name: step, at: [0.6, 0.3]}
          |                              ^^^^^^^^^^

      a.yaml:8:10: \`train.seeds\` must be distinct
        8 |   seeds: [1, 2, 1]
          |          ^^^^^^^^^"
    `);
  });
});

describe('YAML', () => {
  test('broken syntax', () => {
    expect(refuses('lr: [0.001, 0.002]', 'lr: [0.001, 0.002')).toMatchInlineSnapshot(`
      "a.yaml:13:3: YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
        13 |   wd: [0, 0.01]
           |   ^"
    `);
  });
  test('a tag', () => {
    expect(refuses('epochs: 4', 'epochs: !!js/function "x"')).toMatchInlineSnapshot(`
      "a.yaml:6:11: the tag !!js/function is not allowed in a configuration
        6 |   epochs: !!js/function "x"
          |           ^^^^^^^^^^^^^
        remove the tag"
    `);
    expect(refuses('name: valid', 'name: !!binary aGVsbG8=')).toMatchInlineSnapshot(`
      "a.yaml:1:7: the tag !!binary is not allowed in a configuration
        1 | name: !!binary aGVsbG8=
          |       ^^^^^^^^
        remove the tag"
    `);
  });
  test('two documents', () => {
    expect(refusal({ 'a.yaml': `${VALID}---\nname: b\n` })).toMatchInlineSnapshot(`
      "a.yaml:14:1: a configuration is one YAML document; here a second begins
        14 | ---
           | ^"
    `);
  });
  test('an empty file, and one that is no map', () => {
    expect(refusal({ 'a.yaml': '# nothing\n' })).toMatchInlineSnapshot(`
      "a.yaml:1:1: expected settings, one \`key: value\` a line; the file is empty
        1 | # nothing
          | ^
        adamw-bench init writes a file to start from"
    `);
    expect(refusal({ 'a.yaml': '- adam\n' })).toMatchInlineSnapshot(`
      "a.yaml:1:1: expected settings, one \`key: value\` a line; found something else
        1 | - adam
          | ^
        adamw-bench init writes a file to start from"
    `);
  });
  test('an alias bomb', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `- &a${i} [${`*a${i - 1}, `.repeat(9)}*a${i - 1}]`);
    const bomb = levels.join('\n').replaceAll('*a-1', '1');
    expect(refusal({ 'a.yaml': `${VALID}bomb:\n${bomb}\n` })).toMatchInlineSnapshot(`
      "a.yaml:14:1: unknown key \`bomb\`
        14 | bomb:
           | ^^^^
        keys here: name, description, dataset, model, train, optimizers, grid, confirm, endpoints, backend, workers, threads, xla

      a.yaml:19:7: more than 100000 values (with aliases expanded)
        19 | - &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]
           |       ^
        write a long axis as \`{logspace: {base, from, to, steps}}\`"
    `);
  });
  test('an alias inside itself, and one to nothing', () => {
    expect(refuses('[0, 0.01]', '&a [*a]')).toMatchInlineSnapshot(`
      "a.yaml:13:11: the alias *a stands inside the value it names
        13 |   wd: &a [*a]
           |           ^^"
    `);
    expect(refuses('[0, 0.01]', '*b')).toMatchInlineSnapshot(`
      "a.yaml:13:7: the alias *b has no anchor before it
        13 |   wd: *b
           |       ^^"
    `);
  });
  test('nesting without end', () => {
    expect(refuses('name: valid', `name: ${'['.repeat(60)}${']'.repeat(60)}`)).toMatchInlineSnapshot(`
      "a.yaml:1:7: \`name\` is a list: expected a text
        1 | name: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]…
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      a.yaml:1:57: nested more than 50 levels deep
        1 | name: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]…
          |                                                         ^^^^^^^^^^^^^^^^^^^^"
    `);
    const deep = ['['.repeat(1e6), '{a: '.repeat(1e5), '- '.repeat(1e5), '[}'.repeat(1e5), '? '.repeat(1e5)];
    for (const text of deep)
      expect(refusal({ 'a.yaml': text })).toMatch(/^a\.yaml:1:\d+: nested too deeply\n/);
    const staircase = Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
    expect(refusal({ 'a.yaml': staircase })).toMatch(/^a\.yaml:201:1: nested too deeply\n/);
  });
  test('ten thousand mistakes', () => {
    const message = refuses('[0, 0.01]', `[${'x,'.repeat(10_000)}]`);
    expect(message).toMatch(/\n… and 9980 more problems\.$/);
  });
  test('a very long line is cut around the caret', () => {
    expect(refuses('[0, 0.01]', `[${'0.125, '.repeat(200)}x]`)).toMatchInlineSnapshot(`
      "a.yaml:13:1408: \`grid.wd.200\` is "x": expected a number of at least 0
        13 | … 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, x]
           |                                                    ^"
    `);
  });
});

describe('files', () => {
  test('no such file, with a near one', () => {
    const path = write({ 'quick.yaml': VALID }).replace('quick', 'qiuck');
    const message = messageOf(() => loadExperiment(path)).replaceAll(
      path.slice(0, path.lastIndexOf('/') + 1),
      '',
    );
    expect(message).toMatchInlineSnapshot(`
      "qiuck.yaml: no such file
        did you mean quick.yaml?"
    `);
  });
  test('a folder', () => {
    const path = join(folder(), 'a.yaml');
    mkdirSync(path);
    expect(messageOf(() => loadExperiment(path))).toBe(`${path}: not a file\n  name a YAML file`);
  });
  test('a huge file', () => {
    expect(refusal({ 'a.yaml': `${VALID}#${'x'.repeat(1 << 20)}` })).toMatchInlineSnapshot(
      `"a.yaml: 1048752 bytes; a configuration has at most 1 MiB"`,
    );
  });
  test('not UTF-8', () => {
    const latin = Buffer.from(VALID.replace('valid', 'valid # é'), 'latin1');
    expect(refusal({ 'a.yaml': Buffer.concat([Buffer.from('# ok\n'), latin]) })).toMatchInlineSnapshot(`
      "a.yaml: line 2 is not UTF-8 text
        save the file as UTF-8"
    `);
  });
  test.each([
    ['UTF-16, little-endian', '\ufeff', 'utf16le', /^a\.yaml: this is UTF-16 \(little-endian\), not/],
    [
      'UTF-16, little-endian, without BOM',
      '',
      'utf16le',
      /^a\.yaml: this is UTF-16 \(little-endian, without/,
    ],
    ['UTF-16, big-endian', '\ufeff', 'utf16be', /^a\.yaml: this is UTF-16 \(big-endian\), not/],
    ['UTF-16, big-endian, without BOM', '', 'utf16be', /^a\.yaml: this is UTF-16 \(big-endian, without/],
  ])('%s', (_, mark, encoding, message) => {
    const bytes = Buffer.from(`${mark}# \u4e2d\u6587 \u00e9\n${VALID}`, 'utf16le');
    const text = refusal({ 'a.yaml': encoding === 'utf16be' ? bytes.swap16() : bytes });
    expect(text).toMatch(message);
    expect(text).toContain('save the file as UTF-8');
  });
  test('zero bytes', () => {
    expect(refusal({ 'a.yaml': VALID.replace('valid', 'va\0lid') })).toMatchInlineSnapshot(`
      "a.yaml: this is a file with zero bytes, not UTF-8 text
        name a YAML file, saved as UTF-8"
    `);
  });
});

describe('extends', () => {
  test('a circle names the chain', () => {
    const files = {
      'a.yaml': 'extends: b.yaml\n',
      'b.yaml': 'name: b\nextends: c.yaml\n',
      'c.yaml': 'extends: a.yaml\n',
    };
    expect(refusal(files)).toMatchInlineSnapshot(`
      "c.yaml:1:10: \`extends\` runs in a circle: a.yaml -> b.yaml -> c.yaml -> a.yaml
        1 | extends: a.yaml
          |          ^^^^^^"
    `);
  });
  test('a file not found says who extends it', () => {
    expect(refusal({ 'a.yaml': 'name: x\nextends: bsae.yaml\n', 'base.yaml': VALID })).toMatchInlineSnapshot(`
      "a.yaml:2:10: bsae.yaml: no such file
        2 | extends: bsae.yaml
          |          ^^^^^^^^^
        did you mean base.yaml?"
    `);
  });
  test('not a path', () => {
    expect(refusal({ 'a.yaml': `${VALID}extends: [b.yaml]\n` })).toMatchInlineSnapshot(`
      "a.yaml:14:10: \`extends\` must be the path of one file
        14 | extends: [b.yaml]
           |          ^^^^^^^^"
    `);
  });
  test('too long a chain', () => {
    const links = Array.from({ length: 12 }, (_, i) => [`${i}.yaml`, `extends: ${i + 1}.yaml\n`] as const);
    expect(refusal(Object.fromEntries(links))).toMatch(/`extends` is more than 10 files deep/);
  });
  test('a problem is shown in the file it stands in', () => {
    const base = VALID.replace('epochs: 4', 'epochs: -4');
    expect(refusal({ 'a.yaml': 'extends: base.yaml\nnmae: x\n', 'base.yaml': base })).toMatchInlineSnapshot(`
      "base.yaml:6:11: \`train.epochs\` is -4: expected a whole number above 0
        6 |   epochs: -4
          |           ^^

      a.yaml:2:1: unknown key \`nmae\`
        2 | nmae: x
          | ^^^^
        did you mean \`name\`?"
    `);
  });
});

describe('--set', () => {
  const set = (...texts: string[]): string => refusal({ 'a.yaml': VALID }, texts);
  test('an unknown path', () => {
    expect(set('trian.epochs=2')).toMatchInlineSnapshot(`
      "--set: unknown key \`trian\`
        trian.epochs=2
        ^^^^^
        did you mean \`train\`?"
    `);
    expect(set('train.epoch=2')).toMatchInlineSnapshot(`
      "--set: unknown key \`epoch\` in \`train\`
        train.epoch=2
              ^^^^^
        did you mean \`epochs\`?"
    `);
  });
  test('a bad value', () => {
    expect(set('train.epochs=two')).toMatchInlineSnapshot(`
      "--set: \`train.epochs\` is "two": expected a whole number above 0
        train.epochs=two
                     ^^^"
    `);
    expect(set('train.epochs=')).toMatchInlineSnapshot(`
      "--set: \`train.epochs\` is empty: expected a whole number above 0
        train.epochs=
              ^^^^^^"
    `);
    expect(set('grid.lr=[0.1')).toMatchInlineSnapshot(`
      "--set: YAML: Flow sequence must end with a ]
        grid.lr=[0.1
                    ^"
    `);
  });
  test('a path that leads nowhere', () => {
    expect(set('optimizers.2.lr=[1]')).toMatchInlineSnapshot(`
      "--set: \`optimizers\` is a list: expected an index from 0 to 1
        optimizers.2.lr=[1]
                   ^"
    `);
    expect(set('train.epochs.x=1')).toMatchInlineSnapshot(`
      "--set: \`train.epochs\` is a single value and has no keys
        train.epochs.x=1
                     ^"
    `);
    expect(set('train..epochs=1')).toMatchInlineSnapshot(`
      "--set: expected a key before this
        train..epochs=1
              ^"
    `);
    expect(set('__proto__.x=1')).toMatchInlineSnapshot(`
      "--set: the key \`__proto__\` is not allowed
        __proto__.x=1
        ^^^^^^^^^"
    `);
    expect(set('extends=b.yaml')).toMatchInlineSnapshot(`
      "--set: \`extends\` belongs in a file
        extends=b.yaml
        ^^^^^^^"
    `);
    expect(set('epochs')).toMatchInlineSnapshot(`
      "--set: expected PATH=VALUE
        epochs
        ^^^^^^
        for example --set train.epochs=2"
    `);
  });
});

describe('xla', () => {
  test('on another backend than tensorflow', () => {
    expect(refuses('train:\n', 'xla: true\ntrain:\n')).toMatchInlineSnapshot(`
      "a.yaml:5:6: \`xla\` is true: it must be left out unless \`backend\` is tensorflow
        5 | xla: true
          |      ^^^^
        add \`backend: tensorflow\`"
    `);
    expect(refuses('train:\n', 'xla: true\nbackend: onednn\ntrain:\n')).toContain('`xla`');
  });
});

describe('float32', () => {
  const inOptimizers = (settings: string) => refuses('lr: [0.01, 0.1]', settings);
  test('values of an axis that it rounds to 0 or to infinity', () => {
    expect(refuses('[0.001, 0.002]', '[1e-46, 0.1]')).toMatchInlineSnapshot(`
      "a.yaml:12:8: \`grid.lr.0\` is 1e-46: it must fit into float32, but rounds to 0 there
        12 |   lr: [1e-46, 0.1]
           |        ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
    expect(refuses('[0, 0.01]', '[0, 1e300]')).toMatchInlineSnapshot(`
      "a.yaml:13:11: \`grid.wd.1\` is 1e+300: it must fit into float32, but rounds to Infinity there
        13 |   wd: [0, 1e300]
           |           ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
    expect(inOptimizers('wd: { values: [1e-50], logspace: { from: -16, to: -8, steps: 2 } }'))
      .toMatchInlineSnapshot(`
      "a.yaml:10:20: \`optimizers.1.wd.values.0\` is 1e-50: it must fit into float32, but rounds to 0 there
        10 |     wd: { values: [1e-50], logspace: { from: -16, to: -8, steps: 2 } }
           |                    ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
  });
  test('a logspace that reaches such values', () => {
    const to = '{ logspace: { base: 10, from: -60, to: -6, steps: 3 } }';
    expect(refuses('[0.001, 0.002]', to)).toMatchInlineSnapshot(`
      "a.yaml:12:7: \`grid.lr\` must not reach 1e-60, which float32 rounds to 0
        12 |   lr: { logspace: { base: 10, from: -60, to: -6, steps: 3 } }
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
  });
  test('eps, betas and the factor of a schedule', () => {
    expect(inOptimizers('eps: 1e-50\n    beta1: 1e-60\n    schedule: {name: step, factor: 1e-70}'))
      .toMatchInlineSnapshot(`
      "a.yaml:10:10: \`optimizers.1.eps\` is 1e-50: it must fit into float32, but rounds to 0 there
        10 |     eps: 1e-50
           |          ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38

      a.yaml:11:12: \`optimizers.1.beta1\` is 1e-60: it must fit into float32, but rounds to 0 there
        11 |     beta1: 1e-60
           |            ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38

      a.yaml:12:36: \`optimizers.1.schedule.factor\` is 1e-70: it must fit into float32, but rounds to 0 there
        12 |     schedule: {name: step, factor: 1e-70}
           |                                    ^^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
    expect(refuses('epochs: 4', 'epochs: 4\n  schedule: {name: step, factor: 1e99}')).toMatchInlineSnapshot(`
      "a.yaml:7:34: \`train.schedule.factor\` is 1e+99: it must fit into float32, but rounds to Infinity there
        7 |   schedule: {name: step, factor: 1e99}
          |                                  ^^^^
        float32 holds 0 and about 1.4e-45 to 3.4e38"
    `);
  });
  test('a beta below 1 that it rounds to 1', () => {
    expect(inOptimizers('beta2: 0.99999999999')).toMatchInlineSnapshot(`
      "a.yaml:10:12: \`optimizers.1.beta2\` is 0.99999999999: it must be below 1 in float32 too, but rounds to 1 there
        10 |     beta2: 0.99999999999
           |            ^^^^^^^^^^^^^
        the largest number below 1 is about 0.99999994 there"
    `);
  });
  test('the smallest and largest numbers that it holds are fine', () => {
    const path = write(changed('[0, 0.01]', '[0, 1.5e-45, 3.4e38]'));
    expect(loadExperiment(path, { set: ['optimizers=[{name: adam, beta2: 0.9999999}]'] }).grid.wd).toEqual([
      0, 1.5e-45, 3.4e38,
    ]);
  });
});

describe('numbers that are read in two ways', () => {
  test('the rest of a fraction with a decimal comma', () => {
    expect(refuses('[0, 0.01]', '[0,001]')).toMatchInlineSnapshot(`
      "a.yaml:13:10: 001 begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently
        13 |   wd: [0,001]
           |          ^^^
        a decimal fraction takes a point: write 0.001"
    `);
    expect(refuses('[0, 0.01]', '{ logspace: { base: 1,5, from: -1, to: 1, steps: 3 } }'))
      .toMatchInlineSnapshot(`
      "a.yaml:13:7: \`grid.wd\` must not contain 1 twice
        13 |   wd: { logspace: { base: 1,5, from: -1, to: 1, steps: 3 } }
           |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      a.yaml:13:29: a key must be a plain word
        13 |   wd: { logspace: { base: 1,5, from: -1, to: 1, steps: 3 } }
           |                             ^
        a decimal fraction takes a point: write 1.5"
    `);
  });
  test('a decimal comma without brackets, and a typographic minus', () => {
    expect(refuses('[0, 0.01]', '0,001')).toMatchInlineSnapshot(`
      "a.yaml:13:7: \`grid.wd\` is "0,001": expected a non-empty list of numbers of at least 0, or {values, logspace: {base, from, to, steps}}
        13 |   wd: 0,001
           |       ^^^^^
        a single value is a list of one: [0.001]"
    `);
    expect(refuses('epochs: 4', 'epochs: 4\n  warmup: 0,5')).toMatchInlineSnapshot(`
      "a.yaml:7:11: \`train.warmup\` is "0,5": expected a number of at least 0
        7 |   warmup: 0,5
          |           ^^^
        write it as 0.5"
    `);
    expect(refuses('epochs: 4', 'epochs: 1,000')).toMatchInlineSnapshot(`
      "a.yaml:6:11: \`train.epochs\` is "1,000": expected a whole number above 0
        6 |   epochs: 1,000
          |           ^^^^^
        write it as 1000"
    `);
    expect(refuses('[0, 0.01]', '[0, 1e\u22123]')).toMatchInlineSnapshot(`
      "a.yaml:13:11: \`grid.wd.1\` is "1e−3": expected a number of at least 0
        13 |   wd: [0, 1e−3]
           |           ^^^^
        write it as 0.001"
    `);
  });
  test('leading zeros and octal numbers', () => {
    expect(refuses('epochs: 4', 'epochs: 010')).toMatchInlineSnapshot(`
      "a.yaml:6:11: 010 begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently
        6 |   epochs: 010
          |           ^^^
        write 10, or 8 if it is octal; put quotes around a text"
    `);
    expect(refuses('epochs: 4', 'epochs: 4\n  seeds: [0o17, 08, +007]')).toMatchInlineSnapshot(`
      "a.yaml:7:11: 0o17 is an octal number to YAML 1.2 and a text to YAML 1.1
        7 |   seeds: [0o17, 08, +007]
          |           ^^^^
        write 15; put quotes around a text

      a.yaml:7:17: 08 begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently
        7 |   seeds: [0o17, 08, +007]
          |                 ^^
        write 8; put quotes around a text

      a.yaml:7:21: +007 begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently
        7 |   seeds: [0o17, 08, +007]
          |                     ^^^^
        write 7; put quotes around a text"
    `);
    expect(refuses('name: valid', 'name: 007')).toMatchInlineSnapshot(`
      "a.yaml:1:7: 007 begins with a zero: YAML 1.1 and YAML 1.2 read such numbers differently
        1 | name: 007
          |       ^^^
        write 7; put quotes around a text"
    `);
  });
  test('zeros that mean nothing else are fine', () => {
    const path = write(changed('[0, 0.01]', '[0, 0.01, 1e05, 0x10]'));
    expect(loadExperiment(path, { set: ['name="007"'] })).toMatchObject({
      name: '007',
      grid: { wd: [0, 0.01, 1e5, 16] },
    });
  });
});

describe('invisible characters', () => {
  test('in a value, a key and a list', () => {
    expect(refuses('epochs: 4', 'epochs: 4\u00a0')).toMatchInlineSnapshot(`
      "a.yaml:6:12: here is U+00A0 no-break space, which looks like a space or like nothing
        6 |   epochs: 4·
          |            ^
        delete it, or type a plain space"
    `);
    expect(refuses('  epochs: 4', '  \u200bepochs: 4')).toMatchInlineSnapshot(`
      "a.yaml:6:3: here is U+200B zero-width space, which looks like a space or like nothing
        6 |   ·epochs: 4
          |   ^
        delete it, or type a plain space"
    `);
    expect(refuses('- adam\n', '- ad\ufeffam\n')).toMatchInlineSnapshot(`
      "a.yaml:8:7: here is U+FEFF byte order mark, which looks like a space or like nothing
        8 |   - ad·am
          |       ^
        delete it, or type a plain space"
    `);
  });
  test('in quotes', () => {
    expect(refuses('name: mnist', 'name: "mnist\u00a0"')).toMatchInlineSnapshot(`
      "a.yaml:2:24: here is U+00A0 no-break space, which looks like a space or like nothing
        2 | dataset: { name: "mnist·" }
          |                        ^
        delete it, or type a plain space"
    `);
  });
  test('where they break the syntax', () => {
    expect(refuses('  epochs: 4', '  epochs:\u00a04')).toMatchInlineSnapshot(`
      "a.yaml:6:10: here is U+00A0 no-break space, which looks like a space or like nothing
        6 |   epochs:·4
          |          ^
        delete it, or type a plain space"
    `);
  });
  test('in a label, where they could be meant for another one', () => {
    expect(refuses('lr: [0.01, 0.1]', 'label: "Adam\u200bW"')).toMatchInlineSnapshot(`
      "a.yaml:10:17: here is U+200B zero-width space, which looks like a space or like nothing
        10 |     label: "Adam·W"
           |                 ^
        delete it, or type a plain space"
    `);
  });
  test('in --set and extends', () => {
    expect(refusal({ 'a.yaml': VALID }, ['trai\u200bn.epochs=5'])).toMatchInlineSnapshot(`
      "--set: here is U+200B zero-width space, which looks like a space or like nothing
        trai·n.epochs=5
            ^
        delete it, or type a plain space"
    `);
    expect(refusal({ 'a.yaml': VALID }, ['train.epochs=\u00a05'])).toMatchInlineSnapshot(`
      "--set: here is U+00A0 no-break space, which looks like a space or like nothing
        train.epochs=·5
                     ^
        delete it, or type a plain space"
    `);
    expect(
      refusal({ 'a.yaml': 'extends: base.yaml\u00a0\n', 'base.yaml': VALID }).split('\n')[0],
    ).toMatchInlineSnapshot(
      `"a.yaml:1:19: here is U+00A0 no-break space, which looks like a space or like nothing"`,
    );
  });
  test('in comments and prose they are fine', () => {
    const prose = changed('name: valid', 'name: valid\ndescription: L2\u00a0! r\u00e9gularisation #\u00a0x');
    expect(loadExperiment(write(prose)).description).toBe('L2\u00a0! r\u00e9gularisation');
  });
});

describe('labels that are equal to a reader', () => {
  const quoted = JSON.stringify;
  const labelled = (a: string, b: string) =>
    refuses('- adam\n', `- {name: adam, label: ${quoted(a)}}\n  - {name: sgd, label: ${quoted(b)}}\n`);
  test('white space', () => {
    expect(labelled('My A', 'My  A')).toMatchInlineSnapshot(`
      "a.yaml:9:24: \`optimizers.1.label\` is "My  A": it must not differ from that of \`optimizers.0\` only in white space or in how its characters are composed
        9 |   - {name: sgd, label: "My  A"}
          |                        ^^^^^^^
        add a distinct label, e.g. {name: sgd, label: SGD+L2 (second), ...}"
    `);
    expect(labelled('Adam', 'Adam ')).toContain('optimizers.1.label');
    expect(labelled('My Adam', 'My\u00a0Adam')).toContain('U+00A0 no-break space');
  });
  test('composed and decomposed characters, and wide ones', () => {
    expect(labelled('d\u00e9cay', 'de\u0301cay')).toContain('optimizers.1.label');
    expect(labelled('Adam', '\uff21dam')).toContain('optimizers.1.label');
  });
  test('a default label', () => {
    expect(refuses('- adam\n', '- {name: adam, label: Adam W}\n')).toMatchInlineSnapshot(`
      "a.yaml:9:5: \`optimizers.1\` must not have a label that differs from that of \`optimizers.0\` only in white space or in how its characters are composed
        9 |   - name: adamw
          |     ^
        add a distinct label, e.g. {name: adamw, label: AdamW (second), ...}"
    `);
  });
});

test('more than a million cells are refused with their number', () => {
  const axis = '{ logspace: { from: -9, to: -1, steps: 1000 } }';
  const set = [
    `grid.lr=${axis}`,
    `grid.wd=${axis}`,
    'optimizers=[adam, adamw, sgd, sgdw]',
    'train.seeds=[0, 1, 2]',
  ];
  expect(refusal({ 'a.yaml': VALID }, set)).toMatchInlineSnapshot(`
    "--set: \`grid\` must give at most 1,000,000 cells (optimizers x lr x wd x seeds), but gives 12,000,000
      grid.wd={ logspace: { from: -9, to: -1, steps: 1000 } }
      ^^^^
      take fewer values or seeds, or make several experiments of it"
  `);
});

test('all problems at once, from the top down, twenty of them in full', () => {
  const bad = Array.from({ length: 25 }, (_, i) => `zz${i}: 1\n`).join('');
  const path = write({ 'a.yaml': VALID.replace('epochs: 4', 'epochs: 0') + bad });
  const error = (() => {
    try {
      return loadExperiment(path);
    } catch (e) {
      return e;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  const { diagnostics, message } = error as ConfigError;
  expect(diagnostics).toHaveLength(26);
  expect(diagnostics.map((d) => d.line)).toEqual([6, ...Array.from({ length: 25 }, (_, i) => 14 + i)]);
  expect(diagnostics[0]).toMatchObject({ file: path, line: 6, column: 11 });
  expect(message).toMatch(/\n\n… and 6 more problems\.$/);
});
