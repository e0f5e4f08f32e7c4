/** The journal: what is appended comes back, and damage costs the records it touches, never another or a wrong one. */
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLine, encodeLine, openJournal, parseJournal, readJournal } from '../../src/runner/journal.js';
import { identify, type Cell } from '../../src/experiment/cell.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { anyRecord, recordOf } from './records.js';
import { scratch } from './scratch.js';

const bytesOf = (records: readonly RunRecord[]) => Buffer.from(records.map(encodeLine).join(''));
const three = [0, 1, 2].map((seed) => recordOf({ seed }));
const cellSettings = ({ id: _, ...settings }: Cell) => settings;
/** What JSON keeps of it: -0 is 0. */
const asJson = (record: RunRecord) => JSON.parse(JSON.stringify(record)) as unknown;

const path = 'runs.jsonl';

describe('a line', () => {
  it('gives back any record', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const line = encodeLine(record);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(decodeLine(line.slice(0, -1))).toEqual(asJson(record));
      }),
    );
  });

  it.each([
    ['a cell whose settings do not give its id', { cell: { ...recordOf().cell, lr: 1 } }],
    ['an unknown status', { status: 'fine' }],
    ['epochs that are no list', { epochs: {} }],
    ['an epoch that is null', { epochs: [null] }],
    ['no cell', { cell: null }],
    ['a label that is no text', { label: 7 }],
    ['an epoch without its loss', { epochs: [{ ...recordOf().epochs[0], trainLoss: undefined }] }],
    ['a time that is none', { startedAt: 'yesterday' }],
  ])(
    'with %s is of another version where its checksum is right: it is neither read nor moved',
    async (_what, changes) => {
      const record = { ...recordOf(), ...changes } as unknown as RunRecord;
      const line = encodeLine(record);
      expect(decodeLine(line.trimEnd())).toBeUndefined();
      const file = join(scratch(), 'runs.jsonl');
      writeFileSync(file, `${encodeLine(three[0]!)}torn\n${line}`);
      const refusal = { code: 'journal-of-another-version', exitCode: 2 };
      await expect(readJournal(file)).rejects.toMatchObject(refusal);
      await expect(openJournal(file)).rejects.toMatchObject(refusal);
      expect(readFileSync(file, 'utf8')).toBe(`${encodeLine(three[0]!)}torn\n${line}`);
      expect(existsSync(`${file}.damaged`)).toBe(false);
    },
  );

  it('keeps fields that no schema knows, in the record, its epochs and its cell', async () => {
    const { cell, epochs } = recordOf();
    const record = {
      ...recordOf(),
      cell: identify({ ...cellSettings(cell), novel: 1 } as Omit<Cell, 'id'>),
      epochs: [{ ...epochs[0]!, novel: [2] }],
      novel: { three: 3 },
    };
    const file = join(scratch(), 'runs.jsonl');
    writeFileSync(file, `torn\n${encodeLine(record)}`);
    const { records } = await openJournal(file);
    expect(records).toEqual([record]);
    expect(readFileSync(file, 'utf8')).toBe(encodeLine(record));
  });
});

describe('a journal', () => {
  it('has the last record of each cell, in the order of first appearance', () => {
    const again = recordOf({ seed: 0, status: 'failed', reason: 'later' });
    const { records, damaged } = parseJournal(bytesOf([three[0]!, three[1]!, again]), path);
    expect(records).toEqual([again, three[1]]);
    expect(damaged).toEqual([]);
  });

  it('cut anywhere has the records before the cut', () => {
    const bytes = bytesOf(three);
    const ends = three.map((_, i) => bytesOf(three.slice(0, i + 1)).length);
    for (let length = 0; length <= bytes.length; length++) {
      const { records, damaged } = parseJournal(bytes.subarray(0, length), path);
      // A record is whole without its newline too: its checksum says so.
      const whole = ends.filter((end) => end - 1 <= length).length;
      expect(records).toEqual(three.slice(0, whole));
      const onBoundary = length === 0 || ends.some((end) => end === length || end - 1 === length);
      expect(damaged.length).toBe(onBoundary ? 0 : 1);
    }
  });

  it('with any bit flipped loses at most the record it is in', () => {
    const bytes = bytesOf(three);
    const texts = three.map((record) => JSON.stringify(record));
    for (let at = 0; at < bytes.length; at++) {
      // All bits of a newline, for it holds two records apart; one of the others.
      for (const bit of bytes[at] === 10 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
        const bad = Buffer.from(bytes);
        bad[at] = bad[at]! ^ (1 << bit);
        const found = parseJournal(bad, path).records.map((record) => JSON.stringify(record));
        expect(found.every((text) => texts.includes(text))).toBe(true);
        expect(found.length).toBeGreaterThanOrEqual(2);
      }
    }
  });

  it('with arbitrary bytes between its lines keeps them all', () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(noise, { minLength: 4, maxLength: 4 }), (junk) => {
        const parts = three.flatMap((record, i) => [junk[i]!, Buffer.from(encodeLine(record))]);
        expect(parseJournal(Buffer.concat([...parts, junk[3]!]), path).records).toEqual(three);
      }),
    );
  });

  it('is empty where there is none', async () => {
    expect(await readJournal(join(scratch(), 'runs.jsonl'))).toEqual({ records: [], damaged: [] });
  });
});

describe('an open journal', () => {
  const file = () => join(scratch(), 'runs.jsonl');

  it('has what was appended, in order, also when asked all at once', async () => {
    const path = file();
    const { journal, records } = await openJournal(path);
    expect(records).toEqual([]);
    await Promise.all(three.map((record) => journal.append(record)));
    await journal.close();
    expect(readFileSync(path)).toEqual(bytesOf(three));
  });

  it('moves damaged lines away once, and says how many', async () => {
    const path = file();
    const torn = encodeLine(three[2]!).slice(0, 100);
    writeFileSync(
      path,
      Buffer.concat([bytesOf(three.slice(0, 1)), Buffer.from('nonsense\n'), Buffer.from(torn)]),
    );
    const told: unknown[] = [];
    const { records } = await openJournal(path, (count, to) => told.push([count, to]));
    expect(records).toEqual([three[0]]);
    expect(told).toEqual([[2, `${path}.damaged`]]);
    expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(`nonsense\n${torn}\n`);
    await openJournal(path, (count) => told.push(count));
    expect(told.length).toBe(1);
  });

  it('does not let a torn line swallow the next one', async () => {
    const path = file();
    const { journal } = await openJournal(path);
    await journal.append(three[0]!);
    appendFileSync(path, encodeLine(three[1]!).slice(0, 50));
    await journal.append(three[2]!);
    expect((await readJournal(path)).records).toEqual([three[0], three[2]]);
  });

  it('hears what others append, and starts over where they have cleaned it', async () => {
    const path = file();
    const { journal } = await openJournal(path);
    const other = (await openJournal(path)).journal;
    await other.append(three[0]!);
    await journal.append(three[1]!);
    expect(await journal.newRecords()).toEqual([three[0], three[1]]);
    expect(await journal.newRecords()).toEqual([]);
    appendFileSync(path, 'torn');
    expect(await journal.newRecords()).toEqual([]);
    const third = (await openJournal(path)).journal;
    await third.append(three[2]!);
    expect(await journal.newRecords()).toEqual(three);
  });

  it('does not begin a new one where it was removed', async () => {
    const path = file();
    const { journal } = await openJournal(path);
    await journal.append(three[0]!);
    rmSync(path);
    await expect(journal.append(three[1]!)).rejects.toThrow(/ENOENT/);
    expect((await readJournal(path)).records).toEqual([]);
  });

  it('goes on from any cut', async () => {
    const path = file();
    const bytes = bytesOf(three);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), async (length) => {
        writeFileSync(path, bytes);
        truncateSync(path, length);
        const { journal, records } = await openJournal(path);
        for (const record of three.slice(records.length)) await journal.append(record);
        expect(await readJournal(path)).toEqual({ records: three, damaged: [] });
      }),
      { numRuns: 30 },
    );
  });
});
