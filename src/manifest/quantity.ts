const POWERS = ['k', 'M', 'G', 'T', 'P', 'E'];

/** A quantity of Kubernetes (`500m`, `1Gi`, `1e3`) as a number; null: it is none. Source: Kubernetes, "Quantity" of the API reference. */
export function quantity(value: unknown): number | null {
  const [, digits, unit = ''] = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkKMGTPE]i?)?\s*$/.exec(String(value)) ?? [];
  if (digits === undefined) return null;
  const n = Number(digits);
  const small = ['m', 'u', 'n'].indexOf(unit);
  // A division rounds as a literal does, so that 500m is 0.5.
  if (small >= 0) return n / 1000 ** (small + 1);
  if (unit === '') return n;
  if (unit.endsWith('i')) {
    const power = POWERS.indexOf(unit === 'Ki' ? 'k' : unit.slice(0, 1));
    return power < 0 || unit === 'ki' ? null : n * 1024 ** (power + 1);
  }
  const power = POWERS.indexOf(unit);
  return power < 0 ? null : n * 1000 ** (power + 1);
}
