import type { Random } from './random.ts';

/**
 * Stand-ins for the memory of real machines over days: not clean noise, but swings on many time scales that return, level jumps of
 * jobs that come and go, daily load that differs by weekday, batches, heavy tails. Nothing in them drifts for good. Values in bytes.
 */
export function machineSeries(random: Random, days: number, stepS: number): Float64Array {
  const n = Math.floor((days * 86_400) / stepS);
  const out = new Float64Array(n).fill(random.scale(0.2e9, 8e9));
  const level = out[0]!;
  const swing = level * random.scale(0.01, 0.12);
  // Ornstein-Uhlenbeck on several scales, minutes to a day and a half: together much like fractional noise.
  for (const hours of [0.1, 0.5, 2, 8, 36]) {
    const size = swing * random.scale(0.1, 1) * (hours > 20 ? 0.6 : 1);
    const rho = Math.exp(-stepS / (hours * random.between(0.6, 1.6) * 3600));
    let state = size * random.normal();
    for (let i = 0; i < n; i++) {
      state = rho * state + size * Math.sqrt(1 - rho * rho) * random.normal();
      out[i] = out[i]! + state;
    }
  }
  if (random.chance(0.6)) {
    const height = swing * random.between(0.3, 3);
    const phase = random.between(0, 24);
    const sharp = random.between(0.5, 3);
    const weekend = random.between(0.2, 1);
    const start = Math.floor(random.between(0, 7));
    const off = Array.from({ length: days + 1 }, () => 0.85 + 0.3 * random.next());
    for (let i = 0; i < n; i++) {
      const hour = (i * stepS) / 3600;
      const day = Math.floor(hour / 24);
      const load = Math.exp(sharp * (Math.sin((2 * Math.PI * (hour + phase)) / 24) - 1));
      out[i] = out[i]! + height * load * off[day]! * ((day + start) % 7 >= 5 ? weekend : 1);
    }
  }
  if (random.chance(0.6)) {
    // Jobs: come at random, stay for hours, go again.
    const every = random.scale(3, 40) * 3600;
    const stay = random.scale(0.5, 12) * 3600;
    for (let at = -2 * stay + every * random.wait(); at < n * stepS; at += every * random.wait()) {
      const size = swing * random.scale(0.2, 4);
      const end = Math.min(n, (at + stay * random.wait()) / stepS);
      for (let i = Math.max(0, Math.ceil(at / stepS)); i < end; i++) out[i] = out[i]! + size;
    }
  }
  if (random.chance(0.4)) {
    // A nightly batch that swells and is let go over some hours.
    const size = swing * random.scale(0.5, 4);
    const decay = random.between(0.5, 6) * 3600;
    const at = random.between(0, 86_400);
    for (let i = 0; i < n; i++) out[i] = out[i]! + size * Math.exp(-((((i * stepS - at) % 86_400) + 86_400) % 86_400) / decay);
  }
  const fine = swing * random.scale(0.02, 0.4);
  for (let i = 0; i < n; i++) {
    const tail = random.chance(0.01) ? 6 * random.wait() : 1;
    out[i] = Math.max(0, Math.round((out[i]! + fine * tail * random.normal()) / 4096) * 4096);
  }
  return out;
}
