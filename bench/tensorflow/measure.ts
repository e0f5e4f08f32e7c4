/** One network at one batch size: all engines take turns. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stepper } from '../speed/process.js';
import type { Case } from './cases.js';
import { engines, startContender, type Engine } from './contenders.js';

export interface Size {
  readonly rounds: number;
  /** Seconds of a warm-up, of a turn, and of the rest before it. */
  readonly warm: number;
  readonly turn: number;
  readonly rest: number;
}

/** One turn. */
export interface TurnRow {
  readonly model: string;
  readonly batchSize: number;
  readonly engine: Engine;
  readonly round: number;
  readonly msPerStep: number;
  /** Most memory that its process has ever held, bytes. */
  readonly peakMemory: number;
  /** Of TensorFlow, or of our package of it. */
  readonly version: string;
}

interface Contender {
  readonly engine: Engine;
  readonly stepper: Stepper;
  readonly version: string;
}

/** Starts and warms up one engine; undefined, with a note, where it cannot train the network. */
async function enter(
  engine: Engine,
  one: Case,
  warm: number,
  say: (text: string) => void,
): Promise<Contender | undefined> {
  let stepper: Stepper | undefined;
  try {
    const started = await startContender(engine, one);
    stepper = started.stepper;
    await stepper.ask({ do: 'warm', seconds: warm });
    return { engine, stepper, version: started.hello.version ?? 'unknown' };
  } catch (error) {
    await stepper?.end();
    say(
      `${engine} is left out of ${one.model.title}: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}

async function turn({ stepper }: Contender, seconds: number, batchSize: number): Promise<number> {
  const answer = await stepper.ask({ do: 'turn', at: 0, seconds, fill: false });
  return (1000 * answer.seconds! * batchSize) / answer.images!;
}

/** All rounds of one case. The order of turns rotates. Memory is asked for at the end: it is the process's highest. */
export async function measureCase(one: Case, size: Size, say: (text: string) => void): Promise<TurnRow[]> {
  const entered: Contender[] = [];
  try {
    for (const engine of engines) {
      const contender = await enter(engine, one, size.warm, say);
      if (contender) entered.push(contender);
    }
    const turns: { contender: Contender; round: number; msPerStep: number }[] = [];
    for (let round = 1; round <= size.rounds; round++) {
      const shift = (round - 1) % Math.max(1, entered.length);
      for (const contender of [...entered.slice(shift), ...entered.slice(0, shift)]) {
        await sleep(1000 * size.rest);
        turns.push({ contender, round, msPerStep: await turn(contender, size.turn, one.batchSize) });
      }
    }
    const memory = new Map<Contender, number>();
    for (const contender of entered)
      memory.set(contender, (await contender.stepper.ask({ do: 'steps', n: 1 })).peakMemory!);
    return turns.map(({ contender, round, msPerStep }) => ({
      model: one.model.name,
      batchSize: one.batchSize,
      engine: contender.engine,
      round,
      msPerStep,
      peakMemory: memory.get(contender)!,
      version: contender.version,
    }));
  } finally {
    await Promise.all(entered.map(({ stepper }) => stepper.end()));
  }
}
