export async function benchStart(_: {
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {}
