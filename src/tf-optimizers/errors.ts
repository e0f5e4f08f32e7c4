/** What the exported optimizers refuse. */
import { ReportedError } from '../errors/reported.js';

/** An option that no optimizer can be made of, or a setting that was changed to such a value since. */
export class OptionError extends ReportedError {
  constructor(message: string, remedy?: string) {
    super(message, { code: 'option-invalid', ...(remedy === undefined ? {} : { remedy }) });
  }
}

/** An `include` list whose names stand for no variable, or for several. */
export class IncludeError extends ReportedError {
  constructor(message: string) {
    super(message, { code: 'include-unmatched' });
  }
}

/** Optimizer state, loaded or kept, that does not belong to the variables it meets. */
export class StateError extends ReportedError {
  constructor(message: string) {
    super(message, {
      code: 'optimizer-state-unmatched',
      remedy:
        'Load the state beside the model that it was saved with; to train another model, make a new optimizer.',
    });
  }
}
