/** Who takes part in the rounds: all that can take a step, and of PyTorch's variants the quickest ones. */
import { configurationOf, teamName, type Contender } from './contender.js';
import type { Team } from './team.js';

export interface Entrant {
  readonly contender: Contender;
  readonly rounds: number;
}

/** Seconds that the first steps may take: of what we compare, of PyTorch's compiler, of an engine that may be missing. */
const patience = { compared: 120, compiled: 400, other: 25 };

/** A step longer than this, in seconds, is measured in the first round only. */
const longStep = 1.5;

/** Of PyTorch's variants those go into the rounds, for each team, that were quickest in trial turns. */
const finalists = 2;

/** How everyone is warmed up and tried, seconds. */
export interface Trial {
  /** V8 compiles hot code after some hundred steps. */
  readonly warm: number;
  /** Length of a trial turn. */
  readonly turn: number;
  /** Trial turns of each variant; the quickest counts, as a disturbance only ever slows down. */
  readonly turns: number;
}

const isCompared = ({ engine }: Team) => engine === 'onednn' || engine === 'pytorch';

/**
 * Seconds of a step after its warm-up; undefined, with a note, where a contender that may fail cannot take one.
 * @throws Error where one cannot without which there is nothing to compare
 */
async function warmUp(
  contender: Contender,
  seconds: number,
  say: (text: string) => void,
): Promise<number | undefined> {
  const { team, variant } = contender;
  const needed = isCompared(team) && variant?.compiled !== true;
  const limit = variant?.compiled ? patience.compiled : needed ? patience.compared : patience.other;
  try {
    return await contender.warm(seconds, limit);
  } catch (error) {
    if (needed) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    say(`${team.engine} (${configurationOf(contender)}) is left out: ${reason}`);
    return undefined;
  }
}

/** The quickest variants of each team. */
async function quickest(tried: readonly Entrant[], { turn, turns }: Trial): Promise<Entrant[]> {
  const speeds = new Map<Entrant, number>();
  for (let trial = 0; trial < turns; trial++)
    for (const entrant of tried)
      speeds.set(entrant, Math.max(speeds.get(entrant) ?? 0, await entrant.contender.turn(turn)));
  const teams = new Set(tried.map(({ contender }) => teamName(contender.team)));
  return [...teams].flatMap((name) =>
    tried
      .filter(({ contender }) => teamName(contender.team) === name)
      .sort((a, b) => speeds.get(b)! - speeds.get(a)!)
      .slice(0, finalists),
  );
}

/**
 * Warms everyone up, and picks PyTorch's finalists.
 * @param rounds how many rounds an entrant takes part in
 */
export async function entrants(
  contenders: readonly Contender[],
  rounds: number,
  trial: Trial,
  say: (text: string) => void,
): Promise<Entrant[]> {
  const entered: Entrant[] = [];
  for (const contender of contenders) {
    const step = await warmUp(contender, trial.warm, say);
    if (step !== undefined) entered.push({ contender, rounds: step > longStep ? 1 : rounds });
  }
  const isPeer = ({ contender }: Entrant) => contender.team.engine === 'pytorch';
  return [
    ...entered.filter((entrant) => !isPeer(entrant)),
    ...(await quickest(entered.filter(isPeer), trial)),
  ];
}
