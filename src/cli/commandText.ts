/** The command as a user types it: arguments in quotes where a shell needs them. */
export const commandText = (args: readonly string[]): string =>
  args.map((text) => (/^[\w./=:,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)).join(' ');
