/** A contender: a team's processes on one network, in one variant, kept alive and idle between their turns. */
import type { BenchModel } from './models.js';
import type { Answer, Stepper } from './process.js';
import { startStepper, type Team, type Variant } from './team.js';

export interface Contender {
  readonly team: Team;
  readonly variant: Variant | undefined;
  /**
   * Takes steps for some seconds; seconds of the last one.
   * @throws Error where it cannot take a step, and, its processes ended, where that takes longer than `limit` seconds
   */
  warm(seconds: number, limit: number): Promise<number>;
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

const layoutsOf = (model: BenchModel) =>
  model.spec.name === 'mlp' ? (['nchw'] as const) : (['nchw', 'channels-last'] as const);

const eager = (model: BenchModel): Variant[] =>
  layoutsOf(model).flatMap((layout) =>
    (['foreach', 'fused'] as const).map((optimizer) => ({ layout, optimizer, compiled: false })),
  );

const compiled = (model: BenchModel): Variant[] =>
  layoutsOf(model).map((layout) => ({ layout, optimizer: 'fused', compiled: true }));

/**
 * Starts a team's processes, one contender for each variant. PyTorch has two crews: what is compiled may hang or fail
 * and must not take the others with it.
 */
export function startCrews(team: Team, model: BenchModel): Promise<Crew[]> {
  const groups = team.engine === 'pytorch' ? [eager(model), compiled(model)] : [[undefined]];
  return Promise.all(groups.map((variants) => startCrew(team, model, variants)));
}

async function startCrew(
  team: Team,
  model: BenchModel,
  variants: readonly (Variant | undefined)[],
): Promise<Crew> {
  const started = await Promise.all(Array.from({ length: team.processes }, () => startStepper(team, model)));
  const steppers = started.map(({ stepper }) => stepper);
  return {
    hello: started[0]!.hello,
    contenders: variants.map((variant) => contender(team, variant, steppers)),
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
    async warm(seconds, limit) {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        steppers.forEach((stepper) => stepper.kill());
      }, limit * 1000);
      try {
        return Math.max(...(await all({ do: 'warm', seconds })).map(({ step }) => step!));
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

/** `channels-last, fused, compiled`. */
export const variantName = ({ layout, optimizer, compiled }: Variant): string =>
  [layout, optimizer, ...(compiled ? ['compiled'] : [])].join(', ');

/** `2 x 1 thread`. */
export const teamName = ({ processes, threads }: Pick<Team, 'processes' | 'threads'>): string =>
  `${processes} x ${threads} thread${threads > 1 ? 's' : ''}`;

/** `2 x 1 thread`, `1 x 2 threads, channels-last, foreach`. */
export const configurationOf = ({ team, variant }: Contender): string =>
  [teamName(team), ...(variant ? [variantName(variant)] : [])].join(', ');
