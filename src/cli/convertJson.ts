/** What `convert --json` prints. docs/decay.md names the fields. */
import {
  decayArgument,
  stepsPerEpochOf,
  type Conversion,
  type Decay,
  type Library,
  type LibraryOptimizer,
  type Row,
  type Run,
  type Setting,
  type Values,
} from '../convert/index.js';

const optimizerJson = ({ name, flags, decay }: LibraryOptimizer) => ({ optimizer: name, flags, decay });

/** Given back as words, `key=value`, the settings and flags of a target are the setting of a source. */
const settingJson = ({ library, optimizer }: Setting, settings: Values) => ({
  library: library.name,
  ...optimizerJson(optimizer),
  settings,
  snippet: optimizer.write(settings),
});

export const conversionJson = (
  { from, to, formula, decay, none, instead, differences }: Conversion,
  run: Run,
) => ({
  from: settingJson(from, from.values),
  to: to && settingJson(to.setting, to.written),
  same: to !== null && differences.length === 0,
  formula,
  ...decayJson(decay),
  run: runJson(run),
  none,
  instead,
  differences,
});

const decayJson = (decay: Decay | null) => ({
  decayPerStep: decay?.perStep ?? null,
  totalDecay: decay?.run?.total ?? null,
  tauEpochs: decay?.run?.tau ?? null,
});

const runJson = ({ schedule, warmup, length }: Run) => ({
  schedule,
  warmup,
  ...(length ? { ...length, stepsPerEpoch: stepsPerEpochOf(length) } : {}),
});

export const tableJson = (from: Setting, rows: readonly Row[], decay: Decay | null, run: Run) => ({
  from: settingJson(from, from.values),
  ...decayJson(decay),
  run: runJson(run),
  conventions: rows,
});

export const listJson = (libraries: readonly Library[]) =>
  libraries.map(({ name, title, source, note, optimizers }) => ({
    library: name,
    title,
    source,
    note: note ?? null,
    optimizers: optimizers.map((one) => ({
      ...optimizerJson(one),
      decayArgument: decayArgument(one),
      defaults: one.defaults,
      note: one.note ?? null,
    })),
  }));
