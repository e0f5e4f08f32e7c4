/** A contender: a team's processes on one network, in one variant, kept alive and idle between their turns. */
import type { BenchModel } from './models.js';
import { startStepper, type Answer, type Stepper, type Team, type Variant } from './process.js';

export interface Contender {
  readonly team: Team;
  readonly variant: Variant | undefined;
  /**
   * Takes steps for three seconds; seconds of the last one.
   * @throws Error, its processes ended, where that takes longer than `limit` seconds
   */
  warm(limit: number): Promise<number>;
  /** Images per second of all processes together, which start at one moment. */
  turn(seconds: number): Promise<number>;
}

export interface Crew {
  readonly contenders: readonly Contender[];
  readonly hello: Answer;
  end(): Promise<void>;
}

/** Delay until the common start: longer than a line takes to every process. */
const lead = 0.03;

const variantsOf = ({ engine }: Team, model: BenchModel): (Variant | undefined)[] => {
  if (engine !== 'pytorch') return [undefined];
  const layouts = model.spec.name === 'mlp' ? (['nchw'] as const) : (['nchw', 'channels-last'] as const);
  return layouts.flatMap((layout) => [false, true].map((foreach) => ({ layout, foreach })));
};

/** Starts a team's processes: one contender for each variant, all in the same processes. */
export async function startCrew(team: Team, model: BenchModel): Promise<Crew> {
  const started = await Promise.all(Array.from({ length: team.processes }, () => startStepper(team, model)));
  const steppers = started.map(({ stepper }) => stepper);
  return {
    hello: started[0]!.hello,
    contenders: variantsOf(team, model).map((variant) => contender(team, variant, steppers)),
    async end() {
      await Promise.all(steppers.map((stepper) => stepper.end()));
    },
  };
}

function contender(team: Team, variant: Variant | undefined, steppers: readonly Stepper[]): Contender {
  const all = (message: object) =>
    Promise.all(steppers.map((stepper) => stepper.ask({ ...message, ...(variant ? { variant } : {}) })));
  return {
    team,
    variant,
    async warm(limit) {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        steppers.forEach((stepper) => stepper.kill());
      }, limit * 1000);
      try {
        return Math.max(...(await all({ do: 'warm' })).map(({ step }) => step!));
      } catch (error) {
        throw late ? new Error(`its first steps took over ${limit} seconds`, { cause: error }) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    async turn(seconds) {
      const fill = steppers.length > 1;
      const answers = await all({ do: 'turn', at: Date.now() / 1000 + lead, seconds, fill });
      if (fill) steppers.forEach((stepper) => stepper.tell({ do: 'stop' }));
      return answers.reduce((sum, { images, seconds }) => sum + images! / seconds!, 0);
    },
  };
}

/** `2 x 1 thread`, `1 x 2 threads, channels-last, foreach`. */
export function configurationOf({ team: { processes, threads }, variant }: Contender): string {
  const parts = [`${processes} x ${threads} thread${threads > 1 ? 's' : ''}`];
  if (variant) parts.push(variant.layout, ...(variant.foreach ? ['foreach'] : []));
  return parts.join(', ');
}
