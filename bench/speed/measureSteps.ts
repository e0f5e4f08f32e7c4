/** Whole training steps of every engine on one network, taking turns. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { configurationOf, startCrews, type Crew } from './contender.js';
import { entrants, type Entrant, type Trial } from './entrants.js';
import { productsOf, trainingFlops } from './flops.js';
import type { BenchModel } from './models.js';
import type { Answer } from './process.js';
import { plainVariant, type Team, type Variant } from './team.js';

export interface Plan {
  readonly rounds: number;
  /** Length of a turn, seconds; a turn has one step at least. */
  readonly turn: number;
  /** Before each turn, seconds: processors are quicker after a rest, and all are to have had the same. */
  readonly rest: number;
  readonly trial: Trial;
}

/** One turn. */
export interface StepRow {
  readonly model: string;
  readonly engine: Team['engine'];
  readonly configuration: string;
  readonly round: number;
  readonly imagesPerSecond: number;
  /** Of the machine's multiply-add peak, measured in the same round; undefined where it is not known. */
  readonly peakGflops: number | undefined;
  readonly shareOfPeak: number | undefined;
}

export interface StepResult {
  readonly rows: StepRow[];
  /** PyTorch's quickest variant in processes of one thread, of those that need no compiler. */
  readonly variant: Variant;
  /** What the engines said of themselves: versions, instruction sets. */
  readonly hellos: Partial<Record<Team['engine'], Answer>>;
}

const cores = availableParallelism();

const teams: readonly Team[] = [
  { engine: 'onednn', processes: cores, threads: 1 },
  { engine: 'onednn', processes: 1, threads: cores },
  { engine: 'pytorch', processes: cores, threads: 1 },
  { engine: 'pytorch', processes: 1, threads: cores },
  { engine: 'wasm', processes: cores, threads: 1 },
  { engine: 'cpu', processes: cores, threads: 1 },
];

/** On the largest network it is measured too what several threads give to one cell. */
const alone: Team = { engine: 'onednn', processes: 1, threads: 1 };

/** tfjs's JavaScript takes minutes for the filter gradients of one batch. */
const tooSlow = ({ engine }: Team, { spec }: BenchModel) => engine === 'cpu' && spec.name !== 'mlp';

const teamsFor = (model: BenchModel): Team[] => [
  ...teams.filter((team) => !tooSlow(team, model)),
  ...(model.threads && cores > 1 ? [alone] : []),
];

/** The variant that the best single-threaded PyTorch ran in without a compiler; the plain one if none was a finalist. */
export function bestEagerVariant(rows: readonly StepRow[], list: readonly Entrant[]): Variant {
  const single = list.filter(
    ({ contender: { team, variant } }) => variant && !variant.compiled && team.threads === 1,
  );
  const speed = ({ contender }: Entrant) =>
    Math.max(
      ...rows
        .filter(
          ({ engine, configuration }) => engine === 'pytorch' && configuration === configurationOf(contender),
        )
        .map((row) => row.imagesPerSecond),
    );
  const [best] = single.sort((a, b) => speed(b) - speed(a));
  return best?.contender.variant ?? plainVariant;
}

/** One turn of an entrant, after its rest. */
async function measureTurn({ contender }: Entrant, plan: Plan) {
  await sleep(1000 * plan.rest);
  return contender.turn(plan.turn);
}

/** The rounds: in each one turn for every entrant, in an order that rotates. */
async function measureRounds(
  model: BenchModel,
  list: readonly Entrant[],
  plan: Plan,
  peak: ((cores: number) => Promise<number>) | undefined,
  say: (text: string) => void,
): Promise<StepRow[]> {
  const flops = trainingFlops(productsOf(model.spec, model.shape));
  const rows: StepRow[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    const peakGflops = await peak?.(cores);
    const shift = (round - 1) % list.length;
    for (const entrant of [...list.slice(shift), ...list.slice(0, shift)]) {
      if (round > entrant.rounds) continue;
      const imagesPerSecond = await measureTurn(entrant, plan);
      rows.push({
        model: model.name,
        engine: entrant.contender.team.engine,
        configuration: configurationOf(entrant.contender),
        round,
        imagesPerSecond,
        peakGflops,
        shareOfPeak: peakGflops && (imagesPerSecond * flops) / (peakGflops * 1e9),
      });
    }
    say(`${model.title}: round ${round} of ${plan.rounds}`);
  }
  return rows;
}

const hellosOf = (crews: readonly Crew[]): StepResult['hellos'] =>
  Object.fromEntries(crews.map(({ contenders, hello }) => [contenders[0]!.team.engine, hello]));

/** Measures one network. @throws Error where onednn or PyTorch does not train it */
export async function measureSteps(
  model: BenchModel,
  plan: Plan,
  peak: ((cores: number) => Promise<number>) | undefined,
  say: (text: string) => void,
): Promise<StepResult> {
  const crews = (await Promise.all(teamsFor(model).map((team) => startCrews(team, model)))).flat();
  try {
    const contenders = crews.flatMap((crew) => crew.contenders);
    const list = await entrants(contenders, plan.rounds, plan.trial, say);
    const rows = await measureRounds(model, list, plan, peak, say);
    return { rows, hellos: hellosOf(crews), variant: bestEagerVariant(rows, list) };
  } finally {
    await Promise.all(crews.map((crew) => crew.end()));
  }
}
