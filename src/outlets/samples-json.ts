import type { FieldName } from '../fields.ts';
import type { SampleColumns } from './status.ts';

type Columns = SampleColumns['fields'];

/** The text of /api/v1/samples, one piece per column, because a fortnight of all fields has a few megabytes. Gaps (NaN) become null. */
export function* samplesJson({ t, fields, min, max, aux, ...scalars }: SampleColumns): Generator<string> {
  yield `${JSON.stringify(scalars).slice(0, -1)},"t":${columnJson(t)},"fields":`;
  yield* columnsJson(fields);
  for (const [name, columns] of Object.entries({ min, max })) {
    if (columns === undefined) continue;
    yield `,${JSON.stringify(name)}:`;
    yield* columnsJson(columns);
  }
  yield `,"aux":${JSON.stringify(aux)}}`;
}

function* columnsJson(columns: Columns): Generator<string> {
  let before = '{';
  for (const [id, column] of columns) {
    yield `${before}${JSON.stringify(id satisfies FieldName)}:${columnJson(column)}`;
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

const columnJson = (column: ArrayLike<number | null>): string => JSON.stringify(Array.from(column));
