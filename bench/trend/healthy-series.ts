import type { Random } from '../../synthetic/random.ts';

/** Healthy containers, by kind, one sample per five minutes. Bytes. */
export const HEALTHY_KINDS = ['AR(1) 0.9', 'AR(1) 0.99', 'daily cycle', 'warm-up', 'saw-tooth'] as const;
export type HealthyKind = (typeof HEALTHY_KINDS)[number];

const MB = 1e6;

/** A sawtooth comes from a heap, and shows in anonymous memory too. */
export function healthyColumns(kind: HealthyKind, random: Random, n: number): Map<string, Float64Array> {
  const anon = healthyAnon(kind, random, n);
  return new Map([['anon', anon], ...(kind === 'saw-tooth' ? ([['heap_used', anon]] as const) : [])]);
}

function healthyAnon(kind: HealthyKind, random: Random, n: number): Float64Array {
  const out = new Float64Array(n).fill(500 * MB);
  const ar = (rho: number, sd: number) => {
    let state = sd * random.normal();
    for (let i = 0; i < n; i++) {
      state = rho * state + sd * Math.sqrt(1 - rho * rho) * random.normal();
      out[i] = out[i]! + state;
    }
  };
  if (kind === 'AR(1) 0.9') ar(0.9, 12 * MB);
  else if (kind === 'AR(1) 0.99') ar(0.99, 12 * MB);
  else if (kind === 'daily cycle') {
    const phase = random.between(0, 2 * Math.PI);
    ar(0.9, 4 * MB);
    for (let i = 0; i < n; i++) out[i] = out[i]! + 40 * MB * Math.sin((2 * Math.PI * i) / 288 + phase);
  } else if (kind === 'warm-up') {
    const tau = (random.scale(1, 12) * 3600) / 300;
    ar(0.9, 3 * MB);
    for (let i = 0; i < n; i++) out[i] = out[i]! - 150 * MB * Math.exp(-i / tau);
  } else {
    ar(0.9, 3 * MB);
    const period = random.between(6, 40);
    const phase = random.next();
    for (let i = 0; i < n; i++) out[i] = out[i]! + 80 * MB * ((i / period + phase) % 1);
  }
  return out;
}
