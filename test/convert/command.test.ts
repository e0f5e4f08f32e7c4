/** `adamw-bench convert` as a user runs it. */
import { describe, expect, it } from 'vitest';
import { adamwBench } from '../cli/cli.js';
import { inThisProcess } from '../cli/inProcess.js';

const length = ['--epochs', '100', '--batch', '128', '--images', '50000'];
const cosine = [...length, '--schedule', 'cosine'];
const adamw = ['lr=3e-4', 'wd=0.1'];
const convert = (...args: readonly string[]) => inThisProcess(['convert', ...args]);

interface Json {
  readonly from: {
    readonly optimizer: string;
    readonly settings: Record<string, number>;
    readonly snippet: string;
  };
  readonly to: Json['from'] | null;
  readonly same: boolean;
  readonly formula: string | null;
  readonly totalDecay: number | null;
  readonly tauEpochs: number | null;
  readonly decayPerStep: number | null;
  readonly none: { readonly kind: string; readonly text: string } | null;
  readonly instead: {
    readonly scheduled: { wd: number; power: number } | null;
    readonly sameTotal: number;
  } | null;
  readonly differences: readonly string[];
}
const json = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await convert(...args, '--json');
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Json) };
};

describe('adamw-bench convert', () => {
  it('prints the setting, the formula, tau and the total decay', async () => {
    const { code, stdout, stderr } = await adamwBench([
      'convert', '--from', 'pytorch', '--to', 'keras', ...adamw, ...cosine,
    ]); // prettier-ignore
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('keras.optimizers.AdamW(learning_rate=0.0003, weight_decay=0.1, epsilon=1e-8)');
    expect(stdout).toContain("wd' = wd\n");
    expect(stdout).toMatch(/^tau +85\.25 epochs/m);
    expect(stdout).toMatch(/^total decay +0\.5865 e-folds in 100 epochs of 391 steps/m);
  });

  it('says the same to programs', async () => {
    const { code, to, same, tauEpochs, totalDecay, formula } = await json(
      '--from', 'pytorch', '--to', 'normalized', ...adamw, ...cosine,
    ); // prettier-ignore
    expect({ code, same, formula }).toEqual({ code: 0, same: true, formula: "wd' = wd lr sqrt(N)" });
    expect(to!.settings['wd']).toBeCloseTo(3e-5 * Math.sqrt(39100), 12);
    // eta adds up to half of the steps, and half a step.
    expect(tauEpochs).toBeCloseTo(1 / (3e-5 * 391), 9);
    expect(totalDecay).toBeCloseTo(3e-5 * 19550.5, 9);
  });

  it("writes a class of timm's factory with the names of PyTorch's class", async () => {
    const { to } = await json('--from', 'pytorch.Adadelta', '--to', 'timm', 'lr=1', 'wd=0', 'rho=0.95');
    expect(to!.snippet).toContain('rho=0.95');
    expect(to!.snippet).not.toContain('alpha');
  });

  it.each(['keras.Muon', 'optax.contrib.muon'])('gives all weights of %s one decay', async (to) => {
    const { to: target } = await json('--from', 'pytorch.Muon', '--to', to, ...adamw);
    expect(target!.snippet).toContain('weight_decay=0.1, ');
    expect(target!.snippet).toContain('adam_weight_decay=0.1)');
  });

  it('gives back what it printed', async () => {
    const there = await json('--from', 'pytorch', '--to', 'timescale', ...adamw, ...cosine);
    const words = Object.entries(there.to!.settings).map(([key, value]) => `${key}=${value}`);
    const back = await json('--from', 'timescale', '--to', 'pytorch', ...words, ...cosine);
    expect(back.to!.settings).toEqual({ lr: 3e-4, wd: 0.1 });
  });

  it('says why there is none, with what comes near, and ends with 2', async () => {
    const { code, to, none, instead } = await json('--from', 'pytorch', '--to', 'tfa', ...adamw, ...cosine);
    expect({ code, to, kind: none!.kind }).toEqual({ code: 2, to: null, kind: 'scheduled-against-constant' });
    expect(instead!.scheduled).toEqual({ wd: 3e-5, power: 1 });
    expect(instead!.sameTotal).toBeCloseTo((3e-5 * 19550.5) / 39100, 12);
    const text = await convert('--from', 'pytorch', '--to', 'tfa', ...adamw, ...cosine);
    expect(text.stdout).toContain('There is no equal setting.');
    const constant = await json('--from', 'pytorch', '--to', 'tfa', ...adamw, ...length);
    expect(constant.to!.settings).toMatchObject({ lr: 3e-4, wd: 3e-5 });
  });

  it.each([
    ['pytorch.Adam', 'pytorch.AdamW', [], 'l2-against-decoupled'],
    ['pytorch.SGD', 'paper.SGDW', ['momentum=0.9'], 'l2-against-decoupled'],
    ['pytorch', 'keras.SGD', [], 'other-rule'],
    ['pytorch.ASGD', 'keras', [], 'no-such-optimizer'],
  ])('%s to %s %j: there is none, %s', async (from, to, more, kind) => {
    const { code, none } = await json('--from', from, '--to', to, ...adamw, ...more);
    expect({ code, kind: none!.kind }).toEqual({ code: 2, kind });
  });

  it('says which name to give where the named optimizer has another rule', async () => {
    const { stdout } = await convert('--from', 'pytorch', '--to', 'keras.SGD', ...adamw);
    expect(stdout).toContain('Name keras without an optimizer');
  });

  it('asks whether the convention is right if a step takes all of a weight', async () => {
    const wrong = await convert('--from', 'paper', '--to', 'pytorch', 'lr=1e-3', 'wd=2');
    expect(wrong.stdout).toMatch(/^decay +2 of a weight per step at the full rate: all of it or more/m);
    const usual = await convert('--from', 'paper', '--to', 'pytorch', 'lr=1e-3', 'wd=0.5');
    expect(usual.stdout).toMatch(/^decay +0\.5 of a weight per step at the full rate$/m);
  });

  it('counts one step in the singular', async () => {
    const { stdout } = await convert(
      '--from', 'pytorch', '--to', 'keras', ...adamw, '--epochs', '1', '--batch', '64', '--images', '64',
    ); // prettier-ignore
    expect(stdout).toMatch(/in 1 epoch of 1 step, schedule constant$/m);
  });

  it('finds none between normalized and raw decay when restart cycles grow', async () => {
    const restarts = (multiply: number) => [
      ...length, '--schedule', `{name: warm-restarts, firstCycle: 20, multiply: ${multiply}}`,
    ]; // prettier-ignore
    const growing = await json('--from', 'paper', '--to', 'normalized', ...adamw, ...restarts(2));
    expect({ code: growing.code, kind: growing.none!.kind }).toEqual({ code: 2, kind: 'changing-cycles' });
    const equal = await json('--from', 'paper', '--to', 'normalized', ...adamw, ...restarts(1));
    expect(equal.to!.settings['wd']).toBeCloseTo(0.1 * Math.sqrt(20 * 391), 9);
  });

  it("knows that Keras's weight_decay is never L2: a penalty of the layers is", async () => {
    const { to } = await json('--from', 'pytorch.Adam', '--to', 'keras', 'lr=1e-3', 'wd=1e-4');
    expect(to!.snippet).toContain('keras.optimizers.Adam(learning_rate=0.001, epsilon=1e-8)');
    expect(to!.snippet).toContain('kernel_regularizer=keras.regularizers.L2(0.00005)');
    const back = await json('--from', 'keras.Adam', '--to', 'pytorch', 'lr=1e-3', 'l2=5e-5', 'eps=1e-8');
    expect(back.to).toMatchObject({ optimizer: 'Adam', settings: { lr: 1e-3, wd: 1e-4 } });
  });

  it("takes SGD's L2 without momentum as the decay that it is (Proposition 1)", async () => {
    const { to, same } = await json('--from', 'pytorch.SGD', '--to', 'keras', 'lr=0.1', 'wd=5e-4', ...cosine);
    expect({ same, snippet: to!.snippet }).toEqual({
      same: true,
      snippet: 'keras.optimizers.SGD(learning_rate=0.1, weight_decay=0.0005)',
    });
  });

  it('reads what libraries call things, powers, and forms of a class', async () => {
    const { from, to } = await json(
      '--from', 'torch.nadam', '--to', 'paper.adamw', 'learning_rate=2^-9', 'weight_decay=2^-7', 'betas=0.8,0.99',
      'epsilon=1e-6', 'decoupled_weight_decay=true',
    ); // prettier-ignore
    expect(to).toBeNull();
    expect(from.snippet).toBe(
      'torch.optim.NAdam(params, lr=0.001953125, weight_decay=0.0078125, betas=(0.8, 0.99), eps=0.000001, ' +
        'decoupled_weight_decay=True)',
    );
  });

  it('shows a setting in all conventions', async () => {
    const { code, stdout } = await convert('--from', 'pytorch', ...adamw, ...cosine, '--table');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^paper +eta wd theta +0\.00003 /m);
    expect(stdout).toMatch(/^constant +wd theta +none; 0\.000015 in total +TensorFlow Addons$/m);
    expect(stdout).toMatch(/^timescale +eta wd theta \/ S +0\.01173 /m);
    const short = await convert('--from', 'pytorch', ...adamw, '--table');
    expect(short.stdout).toMatch(/^normalized +.*needs --epochs/m);
    const l2 = await convert('--from', 'pytorch.Adam', ...adamw, '--table', '--json');
    const { conventions } = JSON.parse(l2.stdout) as {
      conventions: { convention: string; wd: number | null }[];
    };
    expect(conventions.filter(({ wd }) => wd !== null)).toMatchObject([{ convention: 'l2', wd: 0.1 }]);
  });

  it('lists libraries and optimizers', async () => {
    const { code, stdout } = await convert('--list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}NAdam\(decoupled_weight_decay=true\) +a step subtracts eta lr wd theta$/m);
    const list = JSON.parse((await convert('--list', '--json')).stdout) as { library: string }[];
    expect(list.map(({ library }) => library)).toContain('apex');
  });

  it.each([
    [['--to', 'keras', ...adamw], /--from/],
    [['--from', 'pytorch', ...adamw], /--to/],
    [['--from', 'pytorch', '--to', 'keras', '--table', ...adamw], /--table/],
    [['--from', 'pytorc', '--to', 'keras', ...adamw], /pytorch/],
    [['--from', 'pytorch.AdmW', '--to', 'keras', ...adamw], /AdamW/],
    [['--from', 'pytorch', '--to', 'keras', 'lr=3e-4'], /wd/],
    [['--from', 'pytorch', '--to', 'keras', 'lr=0', 'wd=0.1'], /lr/],
    [['--from', 'pytorch', '--to', 'keras', 'lr=x', 'wd=0.1'], /lr=x/],
    [['--from', 'pytorch', '--to', 'keras', 'lr=3e-4', 'wd=-1'], /wd=-1/],
    [['--from', 'paper', '--to', 'pytorch', 'lr=1e-300', 'wd=1e10'], /lr=1e-300.*float32/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'lr=1e-3'], /lr is given twice/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'weight_decay=0.2'], /wd is given twice/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'betas=0.9,0.99', 'b2=0.9'], /beta2 is given twice/],
    [
      [
        '--from',
        'pytorch.NAdam',
        '--to',
        'keras',
        ...adamw,
        ...['true', 'false'].map((on) => `decoupled_weight_decay=${on}`),
      ],
      /decoupled_weight_decay is given twice/,
    ],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'beta1=1'], /beta1/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'betas=0.9'], /betas/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'momentum=0.9'], /momentum/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, 'nesterov=true'], /nesterov/],
    [['--from', 'pytorch', '--to', 'keras', 'wd'], /wd/],
    [['--from', 'pytorch', '--to', 'normalized', ...adamw], /--epochs/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, '--epochs', '3'], /--batch and --images/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, ...length, '--warmup', '100'], /warm-up/],
    [
      ['--from', 'pytorch', '--to', 'keras', ...adamw, '--schedule', 'cosin'],
      /^There is no schedule cosin\. Write .*cosine/,
    ],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, '--schedule', '{name: step, at: [2]}'], /at/],
    [['--from', 'pytorch', '--to', 'keras', ...adamw, '--epochs', '0'], /1 or more/],
  ])('refuses %j in a sentence', async (args, text) => {
    const { code, stdout, stderr } = await convert(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
