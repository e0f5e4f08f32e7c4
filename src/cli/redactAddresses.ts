/** Hides arguments that may hold a password: any address of Redis, wherever the user has put it. */

const hidden = '<address>';

/** The part of an argument that an address takes up; undefined if it holds none. */
function addressIn(argument: string): string | undefined {
  const begins = argument.search(/rediss?:\/\//i);
  if (begins >= 0) return argument.slice(begins);
  // Without its scheme, or with a mistyped one: user:password@host.
  return /:.*@/s.test(argument) ? argument : undefined;
}

/** The text without the addresses among the arguments, also in the form that the parser gives them. */
export function redactAddresses(text: string, args: readonly string[]): string {
  const found = args.flatMap((argument) => {
    const address = addressIn(argument);
    // Commander takes `--option=value` apart.
    return address === undefined ? [] : [address, address.replace(/^--?[\w-]+=?/, '')];
  });
  return found
    .filter((address) => address !== '')
    .reduce((left, address) => left.replaceAll(address, hidden), text);
}
