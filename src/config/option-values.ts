import { timeProblem } from '../clock.ts';
import { plausible } from '../plausible.ts';
import { DAY_S, GIB, HOUR_S, KIB, MIB, MINUTE_S, SECOND_MS } from '../units.ts';
import type { Parsed } from './option-table.ts';

const ok = <T>(value: T): Parsed<T> => ({ ok: true, value });
const no = (expected: string): Parsed<never> => ({ ok: false, expected });

export const text = (t: string): Parsed<string> => (t === '' ? no('a text that is not empty') : ok(t));
export const flag = (t: string): Parsed<boolean> =>
  ['true', '1', 'yes'].includes(t.toLowerCase()) ? ok(true) : no('true or nothing');

/** What memhound may ask a JVM. `on-request`: what a person asks for, and what its figures need; `auto`: after an alarm a culprit, too. */
export type Attach = 'off' | 'on-request' | 'auto';

export const attach = (t: string): Parsed<Attach> => {
  if (t.toLowerCase() === 'auto') return ok('auto');
  return flag(t).ok ? ok('on-request') : no('auto, true or nothing');
};

export const oneOf =
  <const L extends readonly string[]>(choices: L) =>
  (t: string): Parsed<L[number]> =>
    choices.includes(t) ? ok(t) : no(choices.join(', '));

export const whole =
  (least: number, most: number) =>
  (t: string): Parsed<number> => {
    const n = Number(t);
    return /^\d+$/.test(t) && n >= least && n <= most ? ok(n) : no(`a whole number from ${least} to ${most}`);
  };

/** A name of a label of Prometheus. */
export const labelName = (t: string): Parsed<string> =>
  /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(t) ? ok(t) : no('a name of a label, such as k8s_cluster');

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: MINUTE_S, h: HOUR_S, d: DAY_S };

/** Ten years. */
const LONGEST_S = 3652 * DAY_S;

/** "10s", "15m", "1h", "500ms": seconds. */
export function seconds(t: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(t);
  const value = match === null ? 0 : Number(match[1]) * SECONDS[match[2]!]!;
  return value > 0 && value <= LONGEST_S ? ok(value) : no('a time above 0 with its unit, such as 10s, 15m or 1h');
}

/** "1.29", "v1.31": the minor version. */
export function kubeMinor(t: string): Parsed<number> {
  const match = /^v?1\.(\d{1,3})(?:\.\d+)?$/.exec(t);
  return match === null ? no('a version of Kubernetes, such as 1.29') : ok(Number(match[1]));
}

/** Labels as kubectl takes them: `app=shop,tier=back`. */
export function label(t: string): Parsed<(readonly [string, string])[]> {
  const pairs = t.split(',').map((part) => /^([^=!\s]+)==?([^=!\s]*)$/.exec(part));
  return pairs.every((p) => p !== null) ? ok(pairs.map((p) => [p[1]!, p[2]!] as const)) : no('KEY=VALUE, such as app=shop');
}

export function workloadName(t: string): Parsed<string[]> {
  return /^[A-Za-z]+\/[a-z0-9.-]+$/.test(t) ? ok([t]) : no('KIND/NAME, such as Deployment/shop');
}

/** A URL of a server. Credentials in it would show in a process list. */
export function httpUrl(t: string): Parsed<string> {
  const url = URL.canParse(t) ? new URL(t) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return no('an http or https URL, such as http://localhost:9090');
  return url.username !== '' || url.password !== '' ? no('a URL without user and password, which go into a file') : ok(t);
}

/** "2026-03-01T00:00:00Z" or epoch seconds. */
export function moment(t: string): Parsed<number> {
  const value = /^\d+(?:\.\d+)?$/.test(t) ? Number(t) : /^\d{4}-\d\d-\d\dT/.test(t) ? Date.parse(t) / SECOND_MS : Number.NaN;
  return timeProblem(value) === null ? ok(value) : no('a time such as 2026-03-01T00:00:00Z, or epoch seconds');
}

/** "0.1": a share from 0 to 1, without both ends. */
export function share(t: string): Parsed<number> {
  const value = /^0?\.\d+$/.test(t) ? Number(t) : 0;
  return value > 0 ? ok(value) : no('a share between 0 and 1, such as 0.1');
}

export const texts = (t: string): Parsed<string[]> => (t === '' ? no('a text that is not empty') : ok([t]));

/** Quantities by resource, as `kubectl set resources` takes them: `memory=256Mi,cpu=200m`. */
export function resources(t: string): Parsed<Readonly<Record<string, string>>> {
  const pairs = t.split(',').map((pair) => /^(cpu|memory|ephemeral-storage)=(\d+(?:\.\d+)?(?:m|[kMGTP]|[KMGTP]i)?)$/.exec(pair));
  return pairs.every((p) => p !== null)
    ? ok(Object.fromEntries(pairs.map((p) => [p[1]!, p[2]!])))
    : no('RESOURCE=QUANTITY, such as memory=256Mi,cpu=200m');
}

export function uidGid(t: string): Parsed<string> {
  return /^\d{1,10}:\d{1,10}$/.test(t) ? ok(t) : no('UID:GID, such as 1000:1000');
}

/** A pod's uid: a UUID, or for a static pod the hash of its manifest. */
export function podUid(t: string): Parsed<string> {
  return /^[0-9a-f-]{8,64}$/i.test(t) ? ok(t) : no("a pod's metadata.uid, such as 8f2c1f0e-6d1c-4a6e-9c0b-2f1a3b4c5d6e");
}

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  Ki: KIB,
  KiB: KIB,
  Mi: MIB,
  MiB: MIB,
  Gi: GIB,
  GiB: GIB,
};

/** "64MiB", "1GiB", "500MB": bytes. */
export function bytes(t: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(t);
  const unit = match === null ? undefined : BYTES[match[2]!];
  const value = match !== null && unit !== undefined ? plausible(Math.round(Number(match[1]) * unit)) : null;
  return value !== null && value > 0 ? ok(value) : no('a size above 0 with its unit, such as 64MiB or 1GiB');
}

/** Intervals that cron can keep evenly: divisors of 60 s and of 60 min, and 1 h. In seconds. */
const EVEN: readonly number[] = [
  ...divisors(60),
  ...divisors(60)
    .slice(1)
    .map((m) => m * MINUTE_S),
]
  .filter((s, i, all) => all.indexOf(s) === i)
  .sort((a, b) => a - b);

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}

const short = (s: number): string => (s >= HOUR_S ? `${s / HOUR_S}h` : s >= MINUTE_S ? `${s / MINUTE_S}m` : `${s}s`);

export function evenInterval(t: string): Parsed<number> {
  const parsed = seconds(t);
  if (!parsed.ok) return no('an interval from 1s to 1h, such as 10s or 1m');
  if (EVEN.includes(parsed.value)) return parsed;
  const below = EVEN.filter((s) => s < parsed.value).pop();
  const above = EVEN.find((s) => s > parsed.value);
  const near = [below, above].filter((s): s is number => s !== undefined).map(short);
  return no(
    `an interval that divides 60 s or 60 min evenly; the nearest ${near.length === 1 ? 'is' : 'are'} ${near.join(' and ')}`,
  );
}
