/**
 * The progress of a sweep: bars on a terminal (one for the sweep, one per worker), a line per finished cell elsewhere,
 * one JSON object per line for programs, or nothing.
 */
import { createRequire } from 'node:module';
import type { Options, Params, SingleBar } from 'cli-progress';
import type * as CliProgress from 'cli-progress';
import type { Beat } from '../experiment/record.js';
import type { Job } from '../experiment/plan.js';
import { examplesOf } from '../experiment/specs.js';
import type { SweepEvents, SweepPlan } from '../runner/index.js';
import { finalBits, isFailure, type RunRecord } from '../experiment/record.js';
import { clip } from '../report/width.js';
import { elapsed, libraryVersion, size } from './units.js';

export type ProgressStyle = 'bars' | 'lines' | 'json' | 'quiet';

export interface Progress extends SweepEvents {
  /** Takes the bars away, so that what follows is printed below. */
  end(): void;
}

/** Bars if the terminal can draw them: TERM=dumb knows no escape sequences. */
export const interactiveStyle = (
  stream: { readonly isTTY?: boolean } = process.stderr,
  env: Readonly<Record<string, string | undefined>> = process.env,
): 'bars' | 'lines' => (stream.isTTY === true && env['TERM'] !== 'dumb' ? 'bars' : 'lines');

/** The progress display in a style, written to standard error (json: standard output). */
export function progressDisplay(style: ProgressStyle): Progress {
  switch (style) {
    case 'bars':
      return bars();
    case 'lines':
      return lines();
    case 'json':
      return json();
    case 'quiet':
      return { end: () => undefined };
  }
}

const percent = (error: number | null) => (error === null ? '-' : `${(error * 100).toFixed(2)}%`);
const cellName = ({ cell, label }: Job) =>
  `${label} lr=${number(cell.lr)} wd=${number(cell.wd)} seed=${cell.seed}`;
const number = (value: number) => Number(value.toPrecision(3)).toString();
const outcome = (record: RunRecord) => {
  const { status, finalTestError, reason } = record;
  if (status !== 'ok') return `${status}: ${reason ?? 'no reason given'}`;
  const bits = finalBits(record);
  const text = bits === null ? '' : `, ${bits.toFixed(3)} bits per character`;
  return `test error ${percent(finalTestError)}${text}`;
};

function planLine({ jobs, missing, backend, workers }: SweepPlan): string {
  const done = jobs.length - missing.length;
  const kept = done > 0 ? `, ${done} there already` : '';
  const device = [backend.device, libraryVersion(backend)].filter(Boolean).join(', ');
  const who = workers === null ? "the queue's workers" : `${workers} worker${workers === 1 ? '' : 's'}`;
  const on = missing.length > 0 ? ` on ${who}` : '';
  return `${jobs.length} cells${kept}; ${missing.length} to train${on}; backend ${backend.name}${device ? ` (${device})` : ''}`;
}

function lines(): Progress {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  let began = 0;
  let total = 0;
  let done = 0;
  let settled = 0;
  let told = 0;
  const onRecord = (record: RunRecord) => {
    done++;
    if (record.status === 'ok' || record.status === 'diverged') settled++;
    const spent = (performance.now() - began) / 1000;
    const left = settled > 0 ? `, ${elapsed((spent / done) * (total - done))} left` : '';
    say(`[${done}/${total}] ${cellName(record)}: ${outcome(record)} (${elapsed(record.seconds)}${left})`);
  };
  return {
    onDownload: ({ file, received, total: of, what }) => {
      if (performance.now() - told < 5000 && received !== of) return;
      told = performance.now();
      if (what) say(`reading ${file}: ${received}${of ? ` of ${of}` : ''} ${what}`);
      else say(`downloading ${file}: ${size(received)}${of ? ` of ${size(of)}` : ''}`);
    },
    onPlan: (plan) => {
      say(planLine(plan));
      began = performance.now();
      // A second stage counts from the start.
      [done, settled, total] = [0, 0, plan.missing.length];
    },
    onNotice: (text) => say(`note: ${text}`),
    onRecord,
    onOthersRecord: onRecord,
    end: () => undefined,
  };
}

function json(): Progress {
  const say = (event: string, about: object) =>
    void process.stdout.write(`${JSON.stringify({ event, ...about })}\n`);
  const onRecord = (record: RunRecord) => {
    const { cell, label, status, finalTestError, seconds, reason } = record;
    const bits = finalBits(record);
    say('record', {
      cell: cell.id,
      label,
      lr: cell.lr,
      wd: cell.wd,
      seed: cell.seed,
      status,
      finalTestError,
      ...(bits === null ? {} : { finalTestBitsPerCharacter: bits }),
      seconds,
      ...(reason === undefined ? {} : { reason }),
    });
  };
  return {
    onPlan: ({ jobs, missing, backend, workers }) =>
      say('plan', { cells: jobs.length, missing: missing.length, workers, backend: backend.name }),
    onStart: (slot, job, attempt) => say('start', { slot, cell: job.cell.id, label: job.label, attempt }),
    onBeat: (slot, job, beat) => say('beat', { slot, cell: job.cell.id, ...beat }),
    onNotice: (text) => say('notice', { text }),
    onRecord,
    onOthersRecord: onRecord,
    end: () => undefined,
  };
}

interface BarTexts {
  readonly name: string;
  readonly text: string;
}

const barSize = 20;

/** One line, a column shorter than the terminal: a full one would wrap. */
function barLine(_options: Options, { progress }: Params, { name, text }: BarTexts): string {
  const done = Math.round(progress * barSize);
  const line = `${name} ${'█'.repeat(done)}${'░'.repeat(barSize - done)} ${text}`;
  return clip(line, (process.stderr.columns ?? 80) - 1);
}

/**
 * Bars that can be removed at any time. They do not change the terminal's modes (cursor, line wrap), so nothing must
 * be restored, however the process ends.
 */
function liveBars() {
  // Loaded where there are bars only.
  const { MultiBar } = createRequire(import.meta.url)('cli-progress') as typeof CliProgress;
  const multi = new MultiBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
    // A line printed above moves all bars down.
    forceRedraw: true,
    format: barLine,
    fps: 5,
  });
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    process.off('uncaughtExceptionMonitor', end);
    // Lines logged since the last frame are printed only with a frame.
    multi.update();
    multi.stop();
  };
  // Before a stack trace, which would otherwise begin in the middle of a bar.
  process.once('uncaughtExceptionMonitor', end);
  return {
    /** A new bar; none once the bars are gone. */
    create: (total: number, texts: BarTexts) => (isOver ? undefined : multi.create(total, 0, texts)),
    remove: (bar: SingleBar) => void multi.remove(bar),
    /** A line above the bars; clears the rest of a bar to its right. */
    log(text: string) {
      if (isOver) process.stderr.write(`${text}\n`);
      else multi.log(`${text}\u001b[K\n`);
    },
    end,
  };
}

function bars(): Progress {
  const live = liveBars();
  const workers: (SingleBar | undefined)[] = [];
  let download: SingleBar | undefined;
  let sweep: SingleBar | undefined;
  let began = 0;
  let done = 0;
  let total = 0;
  /** Epochs of the cells in training, so that the estimate changes between cells. */
  const underway = new Map<number, number>();
  const sweepText = () => {
    const parts = [...underway.values()].reduce((sum, share) => sum + share, done);
    const spent = (performance.now() - began) / 1000;
    const left =
      parts > 0.02 * total && parts > 0 ? `${elapsed((spent / parts) * (total - parts))} left` : '';
    return `${done}/${total} cells  ${elapsed(spent)}  ${left}`;
  };
  const count = (record: RunRecord) => {
    done++;
    if (isFailure(record)) live.log(`${cellName(record)}: ${outcome(record)}`);
    sweep?.update(done, { text: sweepText() });
  };
  return {
    onDownload: ({ file, received, total: of, what }) => {
      const shown = (n: number) => (what ? String(n) : size(n));
      download ??= live.create(of ?? received, { name: file, text: '' });
      download?.update(received, {
        text: `${shown(received)}${of ? ` of ${shown(of)}` : ''}${what ? ` ${what}` : ''}`,
      });
      if (download && received === of) {
        live.remove(download);
        download = undefined;
      }
    },
    onPlan: (plan) => {
      live.log(planLine(plan));
      began = performance.now();
      [done, total] = [0, plan.missing.length];
      underway.clear();
      if (sweep) live.remove(sweep);
      if (total > 0) sweep = live.create(total, { name: 'sweep   ', text: '' });
    },
    onNotice: (text) => live.log(`note: ${text}`),
    onStart: (slot, job) => {
      workers[slot] ??= live.create(job.cell.epochs, { name: '', text: '' });
      workers[slot]?.setTotal(job.cell.epochs);
      workers[slot]?.update(0, { name: `worker ${slot + 1}`, text: cellName(job) });
    },
    onBeat: (slot, job, beat) => {
      underway.set(slot, beat.epoch / job.cell.epochs);
      workers[slot]?.update(beat.epoch, { text: `${cellName(job)}  ${beatText(job, beat)}` });
      sweep?.update(done, { text: sweepText() });
    },
    onRecord: (record, slot) => {
      underway.delete(slot);
      workers[slot]?.update(record.cell.epochs, { text: `${cellName(record)}  ${outcome(record)}` });
      count(record);
    },
    onOthersRecord: count,
    end: live.end,
  };
}

const beatText = ({ cell }: Job, { epoch, trainLoss, imagesPerSecond }: Beat) =>
  [
    `epoch ${Math.min(Math.floor(epoch) + 1, cell.epochs)}/${cell.epochs}`,
    trainLoss === null ? '' : `loss ${trainLoss.toPrecision(3)}`,
    imagesPerSecond === null ? '' : `${Math.round(imagesPerSecond)} ${examplesOf(cell.dataset)}/s`,
  ]
    .filter(Boolean)
    .join('  ');
