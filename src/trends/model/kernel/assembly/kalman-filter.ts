import { f64At, i32At, put } from './memory';

/** More Ornstein-Uhlenbeck components than any noise model has. */
const MAX_COMPONENTS = 8;
const sums = memory.data(MAX_COMPONENTS * 8);
const covariance = memory.data(MAX_COMPONENTS * MAX_COMPONENTS * 8);

/**
 * As `kalmanFilter` in ../../kalman-filter.ts. Into `filter`, which has room for m (2 components + 1) numbers: of each of the `m` points `u` its decays, one
 * a component; then of each point its gains; then of each point one over the variance of its innovation. `noise`: decay time and variance of each
 * component. Returns ln |V|.
 */
export function kalman(u: usize, m: i32, noise: usize, components: i32, white: f64, filter: usize): f64 {
  const gains = filter + ((<usize>(m * components)) << 3);
  const precisions = gains + ((<usize>(m * components)) << 3);
  memory.fill(covariance, 0, MAX_COMPONENTS * MAX_COMPONENTS * 8);
  let logDeterminant: f64 = 0;
  for (let i = 0; i < m; i++) {
    for (let a = 0; a < components; a++)
      put(filter, i * components + a, i === 0 ? 0 : Math.exp((f64At(u, i - 1) - f64At(u, i)) / f64At(noise, 2 * a)));
    let f = white;
    for (let a = 0; a < components; a++) {
      const phi = f64At(filter, i * components + a);
      let sum: f64 = 0;
      for (let b = 0; b < components; b++) {
        const at = a * components + b;
        let value = f64At(covariance, at) * phi * f64At(filter, i * components + b);
        if (a === b) value += f64At(noise, 2 * a + 1) * (1 - phi * phi);
        put(covariance, at, value);
        sum += value;
      }
      put(sums, a, sum);
      f += sum;
    }
    for (let a = 0; a < components; a++) {
      put(gains, i * components + a, f64At(sums, a) / f);
      for (let b = 0; b < components; b++)
        put(covariance, a * components + b, f64At(covariance, a * components + b) - (f64At(sums, a) * f64At(sums, b)) / f);
    }
    logDeterminant += Math.log(f);
    put(precisions, i, 1 / f);
  }
  return logDeterminant;
}

/**
 * V^-1 times `column`, into `out`: forward through the filter, each innovation over its variance, and back through the adjoint of the filter. So
 * a' V^-1 b takes one pass over `a` and a plain product with `b`, where two whitened columns would take two passes.
 */
export function inverse(filter: usize, components: i32, m: i32, column: usize, out: usize): void {
  if (components === 1) inverseOfOne(filter, m, column, out);
  else if (components === 5) inverseOfFive(filter, m, column, out);
  else unreachable();
}

function inverseOfOne(filter: usize, m: i32, column: usize, out: usize): void {
  const gains = filter + ((<usize>m) << 3);
  const precisions = gains + ((<usize>m) << 3);
  let level: f64 = 0;
  for (let i = 0; i < m; i++) {
    const predicted = f64At(filter, i) * level;
    const innovation = f64At(column, i) - predicted;
    level = predicted + f64At(gains, i) * innovation;
    put(out, i, innovation * f64At(precisions, i));
  }
  let back: f64 = 0;
  for (let i = m - 1; i >= 0; i--) {
    const value = f64At(out, i) + f64At(gains, i) * back;
    back = f64At(filter, i) * (back - value);
    put(out, i, value);
  }
}

/** The same of four columns. Each point waits for the one before it, and the columns fill that time for each other. `out`: room for 4 m numbers. */
function inverseOfFour(filter: usize, m: i32, a: usize, b: usize, c: usize, d: usize, out: usize): void {
  const gains = filter + ((<usize>m) << 3);
  const precisions = gains + ((<usize>m) << 3);
  const outB = out + ((<usize>m) << 3);
  const outC = outB + ((<usize>m) << 3);
  const outD = outC + ((<usize>m) << 3);
  let levelA: f64 = 0;
  let levelB: f64 = 0;
  let levelC: f64 = 0;
  let levelD: f64 = 0;
  for (let i = 0; i < m; i++) {
    const phi = f64At(filter, i);
    const gain = f64At(gains, i);
    const precision = f64At(precisions, i);
    levelA *= phi;
    levelB *= phi;
    levelC *= phi;
    levelD *= phi;
    const innovationA = f64At(a, i) - levelA;
    const innovationB = f64At(b, i) - levelB;
    const innovationC = f64At(c, i) - levelC;
    const innovationD = f64At(d, i) - levelD;
    levelA += gain * innovationA;
    levelB += gain * innovationB;
    levelC += gain * innovationC;
    levelD += gain * innovationD;
    put(out, i, innovationA * precision);
    put(outB, i, innovationB * precision);
    put(outC, i, innovationC * precision);
    put(outD, i, innovationD * precision);
  }
  levelA = levelB = levelC = levelD = 0;
  for (let i = m - 1; i >= 0; i--) {
    const phi = f64At(filter, i);
    const gain = f64At(gains, i);
    const valueA = f64At(out, i) + gain * levelA;
    const valueB = f64At(outB, i) + gain * levelB;
    const valueC = f64At(outC, i) + gain * levelC;
    const valueD = f64At(outD, i) + gain * levelD;
    levelA = phi * (levelA - valueA);
    levelB = phi * (levelB - valueB);
    levelC = phi * (levelC - valueC);
    levelD = phi * (levelD - valueD);
    put(out, i, valueA);
    put(outB, i, valueB);
    put(outC, i, valueC);
    put(outD, i, valueD);
  }
}

/**
 * The state of each component is a variable of its own: V8's baseline compiler keeps that in a register, and one in memory takes six times as long,
 * because each point waits for what was stored at the point before it.
 */
function inverseOfFive(filter: usize, m: i32, column: usize, out: usize): void {
  const gains = filter + ((<usize>(5 * m)) << 3);
  const precisions = gains + ((<usize>(5 * m)) << 3);
  let s0: f64 = 0;
  let s1: f64 = 0;
  let s2: f64 = 0;
  let s3: f64 = 0;
  let s4: f64 = 0;
  for (let i = 0, at = 0; i < m; i++, at += 5) {
    s0 *= f64At(filter, at);
    s1 *= f64At(filter, at + 1);
    s2 *= f64At(filter, at + 2);
    s3 *= f64At(filter, at + 3);
    s4 *= f64At(filter, at + 4);
    const innovation = f64At(column, i) - s0 - s1 - s2 - s3 - s4;
    s0 += f64At(gains, at) * innovation;
    s1 += f64At(gains, at + 1) * innovation;
    s2 += f64At(gains, at + 2) * innovation;
    s3 += f64At(gains, at + 3) * innovation;
    s4 += f64At(gains, at + 4) * innovation;
    put(out, i, innovation * f64At(precisions, i));
  }
  s0 = s1 = s2 = s3 = s4 = 0;
  for (let i = m - 1, at = 5 * i; i >= 0; i--, at -= 5) {
    const value =
      f64At(out, i) +
      f64At(gains, at) * s0 +
      f64At(gains, at + 1) * s1 +
      f64At(gains, at + 2) * s2 +
      f64At(gains, at + 3) * s3 +
      f64At(gains, at + 4) * s4;
    s0 = f64At(filter, at) * (s0 - value);
    s1 = f64At(filter, at + 1) * (s1 - value);
    s2 = f64At(filter, at + 2) * (s2 - value);
    s3 = f64At(filter, at + 3) * (s3 - value);
    s4 = f64At(filter, at + 4) * (s4 - value);
    put(out, i, value);
  }
}

function product(a: usize, b: usize, m: i32): f64 {
  let sum: f64 = 0;
  let i = 0;
  for (; i + 3 < m; i += 4)
    sum +=
      f64At(a, i) * f64At(b, i) +
      f64At(a, i + 1) * f64At(b, i + 1) +
      (f64At(a, i + 2) * f64At(b, i + 2) + f64At(a, i + 3) * f64At(b, i + 3));
  for (; i < m; i++) sum += f64At(a, i) * f64At(b, i);
  return sum;
}

/** y' V^-1 x of `count` columns x, whose indexes are at `list`, into `out` at those indexes. `scratch`: room for m numbers. Returns y' V^-1 y. */
export function series(
  filter: usize,
  components: i32,
  m: i32,
  y: usize,
  columns: usize,
  list: usize,
  count: i32,
  out: usize,
  scratch: usize,
): f64 {
  inverse(filter, components, m, y, scratch);
  for (let k = 0; k < count; k++) {
    const at = i32At(list, k);
    put(out, at, product(scratch, columns + ((<usize>(at * m)) << 3), m));
  }
  return product(scratch, y, m);
}

/** Addresses of columns that are multiplied at once. */
const GROUP = 4;
const group = memory.data(GROUP * 4);

/**
 * Products a' V^-1 b of columns, into `out`. `plan`, up to the address `end`: of each column a its index, the number of its partners, and of each partner b
 * its index and the place of the product in `out`. `scratch`: room for 4 m numbers.
 */
export function pairs(
  filter: usize,
  components: i32,
  m: i32,
  columns: usize,
  plan: usize,
  end: usize,
  out: usize,
  scratch: usize,
): void {
  const bytes = (<usize>m) << 3;
  for (let at = plan; at < end; ) {
    let count = 0;
    for (let next = at; count < GROUP && next < end; next += (1 + i32At(next, 1)) << 3)
      store<i32>(group + (count++ << 2), <i32>(columns + <usize>i32At(next, 0) * bytes));
    if (components === 1 && count > 1) {
      const last = <usize>i32At(group, count - 1);
      const c = count > 2 ? <usize>i32At(group, 2) : last;
      const d = count > 3 ? <usize>i32At(group, 3) : last;
      inverseOfFour(filter, m, <usize>i32At(group, 0), <usize>i32At(group, 1), c, d, scratch);
    } else for (let k = 0; k < count; k++) inverse(filter, components, m, <usize>i32At(group, k), scratch + <usize>k * bytes);
    for (let k = 0; k < count; k++) {
      const partners = i32At(at, 1);
      at += 8;
      for (let p = 0; p < partners; p++, at += 8)
        put(out, i32At(at, 1), product(scratch + <usize>k * bytes, columns + <usize>i32At(at, 0) * bytes, m));
    }
  }
}
