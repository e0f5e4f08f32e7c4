import { describe, expect, test } from 'vitest';
import { OptionError, parseOptions, parts } from '../../bench/options.js';

describe('what the command line asks for', () => {
  test('nothing: training steps of all networks, and the sweep, to be published', () => {
    expect(parseOptions([])).toMatchObject({ do: 'measure', parts: ['speed'], sweep: true, whole: true });
  });

  test('--quick alone: one round of everything, which is not published', () => {
    expect(parseOptions(['--quick'])).toMatchObject({ parts, quick: true, whole: false, sizes: [1000] });
  });

  test('parts by name, together with --quick too', () => {
    expect(parseOptions(['--kernels', '--start'])).toMatchObject({
      parts: ['kernels', 'start'],
      whole: true,
    });
    expect(parseOptions(['--quick', '--scale'])).toMatchObject({ parts: ['scale'], whole: false });
  });

  test('--only and --no-sweep narrow a run, which is then not published', () => {
    const narrow = parseOptions(['--only', 'mlp,cnn', '--no-sweep']);
    expect(narrow).toMatchObject({ whole: false, sweep: false });
    expect(narrow.do === 'measure' && narrow.models.map(({ name }) => name)).toEqual(['mlp', 'cnn']);
  });

  test('a million cells only where they are asked for', () => {
    expect(parseOptions(['--scale'])).toMatchObject({ sizes: [1e3, 1e4, 1e5] });
    expect(parseOptions(['--scale', '--million'])).toMatchObject({ sizes: [1e3, 1e4, 1e5, 1e6] });
  });

  test('--setup takes peers, PyTorch if none is named', () => {
    expect(parseOptions(['--setup'])).toEqual({ do: 'setup', peers: ['pytorch'], python: 'python3' });
    expect(parseOptions(['--setup', 'tensorflow', '--python', 'python3.12'])).toEqual({
      do: 'setup',
      peers: ['tensorflow'],
      python: 'python3.12',
    });
  });

  test.each([[['--only', 'vgg']], [['--setup', 'jax']], [['quick']], [['--readme', '--quick']]])(
    '%j is refused',
    (args) => {
      expect(() => parseOptions(args)).toThrow(OptionError);
    },
  );
});
