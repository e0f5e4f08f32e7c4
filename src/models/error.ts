/** A model that cannot be built for its images, as a sentence that says what to change. */
export class ModelError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ModelError';
  }
}
