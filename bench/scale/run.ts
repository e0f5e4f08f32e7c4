export async function benchScale(_: {
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {}
