import { safeName } from '../format.ts';
import type { RowSummary } from './types.ts';

/** The cause, and by the sidecar where there is one, with the file: it sees what grows, and cAdvisor does not. */
export function causeText({ cause, sidecar, leak }: Pick<RowSummary, 'cause' | 'sidecar' | 'leak'>): string {
  const [first] = sidecar?.causes ?? [];
  if (sidecar === null || first === undefined || leak === false) return cause;
  const [file] = first.cause === 'page-cache' ? sidecar.files : [];
  return `${safeName(first.cause)}${file === undefined ? '' : ` of ${safeName(file.path)}`} (sidecar)`;
}
