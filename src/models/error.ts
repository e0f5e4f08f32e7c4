import { ReportedError, type ReportedOptions } from '../errors/reported.js';

/** A model that cannot be built for its images, or not trained here, as a sentence that says what to change. */
export class ModelError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'model-unfit-for-images', ...options });
  }
}
