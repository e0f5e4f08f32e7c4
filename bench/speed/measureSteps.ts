/** Whole training steps of every engine on one network, taking turns. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { configurationOf, startCrew, type Contender, type Crew } from './contender.js';
import { productsOf, trainingFlops } from './flops.js';
import type { BenchModel } from './models.js';
import type { Team, Variant } from './process.js';

export interface Plan {
  readonly rounds: number;
  /** Length of a turn, seconds; a turn has one step at least. */
  readonly turn: number;
  /** Before each turn, seconds: processors are quicker after a rest, and all are to have had the same. */
  readonly rest: number;
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
  /** PyTorch's quickest variant in processes of one thread. */
  readonly variant: Variant;
  /** What the engines said of themselves: versions. */
  readonly versions: Partial<Record<Team['engine'], string>>;
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

/** tfjs's JavaScript takes minutes for the filter gradients of one batch. */
const tooSlow = ({ engine }: Team, { spec }: BenchModel) => engine === 'cpu' && spec.name !== 'mlp';

/** An engine whose first steps take longer, in seconds, is not measured. */
const patience = 25;

/** A step longer than this, in seconds, is measured in the first round only. */
const longStep = 1.5;
/** Of PyTorch's many variants those go into the rounds that were quickest in a trial turn. */
const finalists = 3;

interface Entrant {
  readonly contender: Contender;
  readonly rounds: number;
}

/** Warms everyone up, and picks PyTorch's finalists. An engine that nothing is compared with may fail: it is left out. */
async function entrants(crews: readonly Crew[], plan: Plan): Promise<Entrant[]> {
  const entered: Entrant[] = [];
  const tried: { entrant: Entrant; speed: number }[] = [];
  for (const contender of crews.flatMap((crew) => crew.contenders)) {
    const { engine } = contender.team;
    const step = await contender
      .warm(engine === 'onednn' || engine === 'pytorch' ? 120 : patience)
      .catch((error: unknown) => {
        if (engine === 'onednn' || engine === 'pytorch') throw error;
        console.warn(`${engine} is left out: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      });
    if (step === undefined) continue;
    const entrant = { contender, rounds: step > longStep ? 1 : plan.rounds };
    if (engine !== 'pytorch') entered.push(entrant);
    else tried.push({ entrant, speed: await contender.turn(plan.turn / 2) });
  }
  tried.sort((a, b) => b.speed - a.speed);
  return [...entered, ...tried.slice(0, finalists).map(({ entrant }) => entrant)];
}

/** The variant that the best single-threaded PyTorch ran in; the default one where none was a finalist. */
function bestVariant(rows: readonly StepRow[], list: readonly Entrant[]): Variant {
  const single = list.filter(({ contender }) => contender.variant && contender.team.threads === 1);
  const speed = ({ contender }: Entrant) =>
    Math.max(
      ...rows
        .filter(({ configuration }) => configuration === configurationOf(contender))
        .map((row) => row.imagesPerSecond),
    );
  const [best] = single.sort((a, b) => speed(b) - speed(a));
  return best?.contender.variant ?? { layout: 'nchw', foreach: false };
}

/** Measures one network: round by round, in each one turn for every contender, in an order that rotates. */
export async function measureSteps(
  model: BenchModel,
  plan: Plan,
  peak: ((cores: number) => Promise<number>) | undefined,
  say: (text: string) => void,
): Promise<StepResult> {
  const flops = trainingFlops(productsOf(model.spec, model.shape));
  const crews = await Promise.all(
    teams.filter((team) => !tooSlow(team, model)).map((team) => startCrew(team, model)),
  );
  try {
    const list = await entrants(crews, plan);
    const rows: StepRow[] = [];
    for (let round = 1; round <= plan.rounds; round++) {
      const peakGflops = await peak?.(cores);
      const shift = (round - 1) % list.length;
      for (const { contender, rounds } of [...list.slice(shift), ...list.slice(0, shift)]) {
        if (round > rounds) continue;
        await sleep(1000 * plan.rest);
        const imagesPerSecond = await contender.turn(plan.turn);
        const shareOfPeak = peakGflops && (imagesPerSecond * flops) / (peakGflops * 1e9);
        const { engine } = contender.team;
        const configuration = configurationOf(contender);
        rows.push({
          model: model.name,
          engine,
          configuration,
          round,
          imagesPerSecond,
          peakGflops,
          shareOfPeak,
        });
      }
      say(`${model.title}: round ${round} of ${plan.rounds}`);
    }
    const versions = Object.fromEntries(
      crews.map(({ contenders, hello }) => [contenders[0]!.team.engine, hello.version]),
    );
    return { rows, versions, variant: bestVariant(rows, list) };
  } finally {
    await Promise.all(crews.map((crew) => crew.end()));
  }
}
