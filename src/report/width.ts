/** Text measured in columns of a terminal. */

/** Columns a string takes on screen, colour codes not counted (wide scripts count two). */
export function displayWidth(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape character is what is being removed
  const bare = text.replace(/\u001b\[[0-9;]*m/g, '');
  return [...bare].reduce(
    (sum, c) =>
      sum +
      (/[\p{Mn}\p{Me}]/u.test(c)
        ? 0
        : /[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹯＀-｠￠-￦]|\p{Emoji_Presentation}/u.test(c)
          ? 2
          : 1),
    0,
  );
}

/** The text if it fits into so many columns, else its beginning and an ellipsis. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  for (const c of text) {
    if (displayWidth(out + c) > width - 1) break;
    out += c;
  }
  return out + '…';
}

/** The text in lines of so many characters, parted at spaces; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
