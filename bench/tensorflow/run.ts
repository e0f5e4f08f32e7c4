export async function benchTensorflow(_: {
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {}
