/** Endpoints at the command line: fixed before the first cell, answered first, changed only openly. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endpointsHash, type KeptEndpoints } from '../../src/experiment/endpoints.js';
import { adamwBench, configure, results, run, start } from './cli.js';

const grid = { lr: [0.01, 0.03, 0.1], wd: [0, 0.001, 0.01] };
const train = { epochs: 2, batchSize: 20, seeds: [0, 1] };
const endpoints = [
  { statistic: 'separability', of: ['adam', 'AdamW'], confirms: 'greater' },
  { statistic: 'ridge_slope', of: ['adam'], confirms: 'less', than: -0.3 },
];
const other = [{ ...endpoints[0]!, confirms: 'less' }];
const kept = (dir: string) =>
  (JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as { endpoints?: KeptEndpoints }).endpoints;

describe('endpoints', () => {
  it('are in the manifest before a cell is trained, and open the verdict', async () => {
    const { file, dir } = configure({ grid, train, endpoints });
    const begun = start(run(file, dir, '--workers', '1'));
    await begun.saw(/cells; \d+ to train/);
    expect(kept(dir)).toMatchObject({ records: 0, earlier: [] });
    const { code, stdout, stderr } = await begun.ended;
    expect(code, stderr).toBe(0);
    expect(kept(dir)!.list.map(({ of }) => of)).toEqual([['Adam+L2', 'AdamW'], ['Adam+L2']]);
    expect(kept(dir)!.sha256).toBe(endpointsHash(kept(dir)!.list));
    const verdict = stdout.replace(/\s+/g, ' ');
    expect(verdict).toMatch(/- Endpoint 1 of 2 (holds|does not hold|cannot be told) \(the separability of/);
    expect(verdict).toMatch(/- Endpoint 2 of 2 .* - All that follows is exploratory/);
    const report = await adamwBench(['report', dir]);
    expect(report.stdout.replace(/\s+/g, ' ')).toContain('- Endpoint 1 of 2');
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('<p>Endpoint 1 of 2');
  });

  it('are refused another way once there are records, and changed openly', async () => {
    const { folder, file, dir } = configure({ grid, train, endpoints });
    expect((await adamwBench(run(file, dir, '--quiet'))).code).toBe(0);
    const before = { files: results(dir), config: readFileSync(join(dir, 'config.yaml'), 'utf8') };
    const changed = configure({ grid, train, endpoints: other });
    for (const more of [[], ['--update']]) {
      const refused = await adamwBench(run(changed.file, dir, ...more));
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('--amend-endpoints');
      expect(refused.stderr).toContain('"confirms":"less"');
    }
    expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toBe(before.config);
    expect(kept(dir)!.earlier).toEqual([]);

    // The folder's own config.yaml, edited by hand, does not get past the manifest.
    writeFileSync(join(folder, 'edited.yaml'), before.config.replace('confirms: greater', 'confirms: less'));
    writeFileSync(join(dir, 'config.yaml'), readFileSync(join(folder, 'edited.yaml')));
    expect((await adamwBench(run(join(folder, 'edited.yaml'), dir))).code).toBe(2);
    const warned = await adamwBench(['report', dir]);
    expect(warned.stdout.replace(/\s+/g, ' ')).toContain('config.yaml lists other endpoints');
    writeFileSync(join(dir, 'config.yaml'), before.config);

    const amended = await adamwBench(run(changed.file, dir, '--amend-endpoints'));
    expect(amended.code, amended.stderr).toBe(0);
    expect(amended.stderr).toContain('0 to train');
    expect(kept(dir)).toMatchObject({ records: 36, earlier: [{ records: 0 }] });
    expect(amended.stdout.replace(/\s+/g, ' ')).toMatch(/The endpoints were changed on .*, after 36 records/);
    expect((await adamwBench(run(changed.file, dir, '--quiet'))).code).toBe(0);
  });

  it('leave cells, tables and folders of experiments without them as they are', async () => {
    const plain = configure({ train });
    expect((await adamwBench(run(plain.file, plain.dir, '--quiet'))).code).toBe(0);
    expect(kept(plain.dir)).toBeUndefined();
    const listed = configure({ train, endpoints: [endpoints[0]] });
    expect((await adamwBench(run(listed.file, listed.dir, '--quiet'))).code).toBe(0);
    expect(results(listed.dir)).toEqual(results(plain.dir));
    const late = await adamwBench(run(listed.file, plain.dir));
    expect(late.code).toBe(2);
    expect(late.stderr).toContain('--amend-endpoints');
  });

  it('are refused in a configuration that they do not fit, with the place', async () => {
    const refusal = async (one: object, optimizers: unknown[] = ['adam', 'adamw']) => {
      const { file, dir } = configure({ optimizers, endpoints: [one] });
      const { code, stderr } = await adamwBench(run(file, dir));
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refusal({ ...endpoints[0], of: ['adam', 'sgd'] })).toContain('endpoints.0.of.1');
    expect(await refusal({ ...endpoints[0], of: ['adam', 'Adam+L2'] })).toContain('another optimizer');
    expect(await refusal({ ...endpoints[0], statistic: 'ridgeSlope' })).toContain('ridge_slope');
    expect(await refusal({ ...endpoints[0], statistic: 'best_error', of: ['adam'] })).toContain(
      'two optimizers',
    );
    const twice = ['adam', { name: 'adamw' }, { name: 'adamw', label: 'torch', convention: 'lr' }];
    // AdamW is a label, adamw is two.
    expect(await refusal({ ...endpoints[0], of: ['adam', 'adamw'] }, twice)).toContain('several optimizers');
  });
});
