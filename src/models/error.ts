import { ReportedError } from '../errors/reported.js';

/** A model that cannot be built for its images, as a sentence that says what to change. */
export class ModelError extends ReportedError {
  constructor(message: string) {
    super(message, { code: 'model-unfit-for-images' });
  }
}
