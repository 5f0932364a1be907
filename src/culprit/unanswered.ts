import type { Reading } from '../sources/types.ts';
import type { Culprit, CulpritCause, Unknown } from './types.ts';

/** Answers without a culprit. */

export const unknown = (cause: CulpritCause, because: Unknown): Culprit => ({
  state: 'unknown',
  cause,
  because,
  native: null,
  grown: [],
});

export const failed = (cause: CulpritCause, reading: Exclude<Reading<unknown>, { state: 'read' }>): Culprit =>
  reading.state === 'absent'
    ? { state: 'failed', cause, error: reading.reason, remediation: null }
    : { state: 'failed', cause, error: reading.error, remediation: reading.remediation };
