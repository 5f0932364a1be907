// Tests that did not run because of the machine: skips with their reasons, and programs that are installed but do not start.

const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
const sum = ({ test, suite }) =>
  [test > 0 && count(test, 'test'), suite > 0 && count(suite, 'whole suite')].filter(Boolean).join(' and ');

class Counts extends Map {
  /** Adds one test or suite to each of these keys. */
  add(keys, kind) {
    for (const key of keys) {
      if (!this.has(key)) this.set(key, { test: 0, suite: 0 });
      this.get(key)[kind]++;
    }
  }
  get lines() {
    return [...this].map(([key, counts]) => `  ${key}: ${sum(counts)}`);
  }
}

/** A MachineFault of test/support/machine-fault.ts among the causes of an error, or null. node:test wraps what a test or hook throws. */
function faultIn(error) {
  for (let at = error; at !== null && typeof at === 'object'; at = at.cause) if (at.name === 'MachineFault') return at;
  return null;
}

/** Whether the value of an environment variable means yes. */
export const isSet = (value) => value !== undefined && !['', '0', 'false'].includes(value);

export class MachineReport {
  #ci;
  #missing = new Counts();
  #otherwise = new Counts();
  #faults = new Counts();
  #notRun = { test: 0, suite: 0 };

  /** With the value of the environment variable CI. */
  constructor(ci) {
    this.#ci = isSet(ci);
  }

  /** Records an event of node:test, which reports no tests of a suite that is skipped as a whole. */
  see({ type, data }) {
    if (type !== 'test:pass' && type !== 'test:fail') return;
    const kind = data.details?.type === 'suite' ? 'suite' : 'test';
    if (data.skip !== undefined && data.skip !== false) {
      const programs = String(data.skip).match(/\S+ \(Debian package [^)]+\)/g);
      // The reason why a right is refused differs from file to file; the test's own line has it.
      const rights = String(data.skip)
        .match(/the right to [^:;]+/g)
        ?.map((right) => `needs ${right}`);
      if (programs === null) return this.#otherwise.add(rights ?? [data.skip === true ? 'no reason is given' : data.skip], kind);
      this.#missing.add(programs, kind);
      this.#notRun[kind]++;
    }
    const fault = type === 'test:fail' ? faultIn(data.details?.error) : null;
    if (fault !== null) this.#faults.add([fault.message.split('\n')[0]], kind);
  }

  /** With CI a missing program is a failure, because it can be installed. Without CI it is listed and is no failure. */
  get fails() {
    return this.#ci && this.#missing.size > 0;
  }

  /** Lines for the end of the output; none if all tests could run. */
  get lines() {
    const said = [];
    if (this.#otherwise.size > 0) said.push('skipped:', ...this.#otherwise.lines);
    if (this.#faults.size > 0) said.push('faults of this machine, not of memhound:', ...this.#faults.lines);
    if (this.#missing.size > 0) {
      const names = [...this.#missing.keys()].join(', ');
      said.push(`missing on this machine, so ${sum(this.#notRun)} did not run: ${names}`);
      if (this.#ci) said.push('CI is set, so this is a failure. As root, `node scripts/setup.mjs` installs what is missing.');
    }
    return said;
  }
}
