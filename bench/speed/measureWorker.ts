/** What one single-threaded worker holds in memory, and how much of its time is not spent in native code. */
import type { BenchModel } from './models.js';
import { plainVariant, startStepper, type Team, type Variant } from './team.js';

export interface WorkerRow {
  readonly model: string;
  /** Most memory held over the first steps, start-up included, bytes (VmHWM). */
  readonly onednnBytes: number;
  readonly pytorchBytes: number;
  /** Shares of onednn's step outside of the addon, and in garbage collection. */
  readonly outsideNative: number;
  readonly collection: number;
}

const team = (engine: Team['engine']): Team => ({ engine, processes: 1, threads: 1 });

async function memory(engine: Team['engine'], model: BenchModel, n: number, variant?: Variant) {
  const { stepper } = await startStepper(team(engine), model);
  try {
    return (await stepper.ask({ do: 'steps', n, variant })).peakMemory!;
  } finally {
    await stepper.end();
  }
}

async function timeOutside(model: BenchModel, seconds: number) {
  const { stepper } = await startStepper(team('onednn'), model, true);
  try {
    await stepper.ask({ do: 'warm', seconds: 3 * seconds });
    const answer = await stepper.ask({ do: 'turn', at: 0, seconds, fill: false });
    return {
      outsideNative: 1 - answer.native! / answer.seconds!,
      collection: answer.collection! / answer.seconds!,
    };
  } finally {
    await stepper.end();
  }
}

/** Measures one worker of each engine; PyTorch's memory is the lower one of its two layouts, not compiled. */
export async function measureWorker(model: BenchModel, steps: number, seconds: number): Promise<WorkerRow> {
  const layouts = (['nchw', 'channels-last'] as const).map((layout) => ({ ...plainVariant, layout }));
  const [onednnBytes, ...pytorch] = await Promise.all([
    memory('onednn', model, steps),
    ...layouts.map((variant) => memory('pytorch', model, steps, variant)),
  ]);
  const outside = await timeOutside(model, seconds);
  return { model: model.name, onednnBytes, pytorchBytes: Math.min(...pytorch), ...outside };
}
