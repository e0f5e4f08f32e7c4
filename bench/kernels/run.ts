export async function benchKernels(_: {
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {}
