/** Reads CSV as RFC 4180 says, so that a cell is what a spreadsheet would get. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let place = 0; place < text.length; ) {
    if (text[place] !== '"') throw new Error(`A cell at ${place} is not in quotes: ${JSON.stringify(text.slice(place, place + 20))}`);
    let cell = '';
    for (place += 1; ; place += 1) {
      if (place >= text.length) throw new Error('A cell does not end.');
      if (text[place] !== '"') cell += text[place];
      else if (text[place + 1] === '"') {
        cell += '"';
        place += 1;
      } else break;
    }
    row.push(cell);
    place += 1;
    if (text[place] === ',') place += 1;
    else if (text.startsWith('\r\n', place)) {
      rows.push(row);
      row = [];
      place += 2;
    } else throw new Error(`After a cell at ${place} comes ${JSON.stringify(text.slice(place, place + 5))}.`);
  }
  return rows;
}

/** The rows as objects, by the head. */
export function readTable(text: string): Record<string, string>[] {
  const [head = [], ...rows] = readCsv(text);
  return rows.map((row) => {
    if (row.length !== head.length) throw new Error(`A row has ${row.length} cells; the head has ${head.length}.`);
    return Object.fromEntries(row.map((cell, index) => [head[index], cell]));
  });
}
