/**
 * How a sweep shows that it works: bars on a terminal (one for the sweep, one per worker), a line per finished cell
 * elsewhere, one JSON object per line for programs, or nothing.
 */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Beat, Job, SweepEvents, SweepPlan } from '../sweep/index.js';
import type { RunRecord } from '../train/record.js';
import { elapsed, libraryVersion, size } from './units.js';

export type ProgressStyle = 'bars' | 'lines' | 'json' | 'quiet';

export interface Progress extends SweepEvents {
  /** Takes the bars away, so that what follows is printed below. */
  end(): void;
}

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
const outcome = ({ status, finalTestError, reason }: RunRecord) =>
  status === 'ok' ? `test error ${percent(finalTestError)}` : `${status}: ${reason ?? 'no reason given'}`;

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
  return {
    onDownload: ({ file, received, total: of }) => {
      if (performance.now() - told < 5000 && received !== of) return;
      told = performance.now();
      say(`downloading ${file}: ${size(received)}${of ? ` of ${size(of)}` : ''}`);
    },
    onPlan: (plan) => {
      say(planLine(plan));
      began = performance.now();
      total = plan.missing.length;
    },
    onNotice: (text) => say(`note: ${text}`),
    onRecord: (record) => {
      done++;
      if (record.status === 'ok' || record.status === 'diverged') settled++;
      const spent = (performance.now() - began) / 1000;
      const left = settled > 0 ? `, ${elapsed((spent / done) * (total - done))} left` : '';
      say(`[${done}/${total}] ${cellName(record)}: ${outcome(record)} (${elapsed(record.seconds)}${left})`);
    },
    end: () => undefined,
  };
}

function json(): Progress {
  const say = (event: string, about: object) =>
    void process.stdout.write(`${JSON.stringify({ event, ...about })}\n`);
  return {
    onPlan: ({ jobs, missing, backend, workers }) =>
      say('plan', { cells: jobs.length, missing: missing.length, workers, backend: backend.name }),
    onStart: (slot, job, attempt) => say('start', { slot, cell: job.cell.id, label: job.label, attempt }),
    onBeat: (slot, job, beat) => say('beat', { slot, cell: job.cell.id, ...beat }),
    onNotice: (text) => say('notice', { text }),
    onRecord: ({ cell, label, status, finalTestError, seconds, reason }) =>
      say('record', {
        cell: cell.id,
        label,
        lr: cell.lr,
        wd: cell.wd,
        seed: cell.seed,
        status,
        finalTestError,
        seconds,
        ...(reason === undefined ? {} : { reason }),
      }),
    end: () => undefined,
  };
}

function bars(): Progress {
  const multi = new MultiBar({
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    etaBuffer: 50,
    autopadding: true,
    format: '{name} {bar} {text}',
    fps: 5,
  });
  const workers: SingleBar[] = [];
  let download: SingleBar | undefined;
  let sweep: SingleBar | undefined;
  let began = 0;
  let done = 0;
  let total = 0;
  /** Epochs of the cells in training, so that the estimate moves between cells. */
  const underway = new Map<number, number>();
  const sweepText = () => {
    const parts = [...underway.values()].reduce((sum, share) => sum + share, done);
    const spent = (performance.now() - began) / 1000;
    const left =
      parts > 0.02 * total && parts > 0 ? `${elapsed((spent / parts) * (total - parts))} left` : '';
    return `${done}/${total} cells  ${elapsed(spent)}  ${left}`;
  };
  return {
    onDownload: ({ file, received, total: of }) => {
      download ??= multi.create(of ?? received, 0, { name: file, text: '' });
      download.update(received, { text: `${size(received)}${of ? ` of ${size(of)}` : ''}` });
      if (received === of) {
        multi.remove(download);
        download = undefined;
      }
    },
    onPlan: (plan) => {
      multi.log(`${planLine(plan)}\n`);
      began = performance.now();
      total = plan.missing.length;
      if (total > 0) sweep = multi.create(total, 0, { name: 'sweep   ', text: '' });
    },
    onNotice: (text) => multi.log(`note: ${text}\n`),
    onStart: (slot, job) => {
      workers[slot] ??= multi.create(job.cell.epochs, 0, { name: '', text: '' });
      workers[slot].setTotal(job.cell.epochs);
      workers[slot].update(0, { name: `worker ${slot + 1}`, text: cellName(job) });
    },
    onBeat: (slot, job, beat) => {
      underway.set(slot, beat.epoch / job.cell.epochs);
      workers[slot]?.update(beat.epoch, { text: `${cellName(job)}  ${beatText(job, beat)}` });
      sweep?.update(done, { text: sweepText() });
    },
    onRecord: (record, slot) => {
      done++;
      underway.delete(slot);
      workers[slot]?.update(record.cell.epochs, { text: `${cellName(record)}  ${outcome(record)}` });
      if (record.status === 'failed' || record.status === 'timeout') {
        multi.log(`${cellName(record)}: ${outcome(record)}\n`);
      }
      sweep?.update(done, { text: sweepText() });
    },
    end: () => multi.stop(),
  };
}

const beatText = ({ cell }: Job, { epoch, trainLoss, imagesPerSecond }: Beat) =>
  [
    `epoch ${Math.min(Math.floor(epoch) + 1, cell.epochs)}/${cell.epochs}`,
    trainLoss === null ? '' : `loss ${trainLoss.toPrecision(3)}`,
    imagesPerSecond === null ? '' : `${Math.round(imagesPerSecond)} images/s`,
  ]
    .filter(Boolean)
    .join('  ');
