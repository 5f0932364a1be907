const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * The part of Intl.DateTimeFormat that node-cron uses, for UTC alone: the parts of a time as the locale en-US writes them.
 * Intl itself loads ICU's time zones and calendars: 1.8 MiB of RssAnon and some 35 ms.
 */
export class UtcFormat {
  #zoneName;
  /** @param {string} _locale  @param {{ timeZone: string, timeZoneName?: string }} options */
  constructor(_locale, { timeZone, timeZoneName }) {
    if (timeZone !== 'Etc/UTC')
      throw new RangeError(`node-cron's time zone is ${timeZone}, expected Etc/UTC: scripts/lean.mjs leaves the others out`);
    this.#zoneName = timeZoneName;
  }

  /** 0 is Sunday, as in an expression of cron.  @param {string} name  @returns {number} */
  static numberOfDay(name) {
    return DAYS.indexOf(name);
  }

  /** @param {Date} date  @returns {{ type: string, value: string }[]} */
  formatToParts(date) {
    if (this.#zoneName) return [{ type: 'timeZoneName', value: 'GMT' }];
    const two = (value) => String(value).padStart(2, '0');
    return [
      { type: 'weekday', value: DAYS[date.getUTCDay()] },
      { type: 'month', value: two(date.getUTCMonth() + 1) },
      { type: 'day', value: two(date.getUTCDate()) },
      { type: 'year', value: String(date.getUTCFullYear()) },
      { type: 'hour', value: two(date.getUTCHours()) },
      { type: 'minute', value: two(date.getUTCMinutes()) },
      { type: 'second', value: two(date.getUTCSeconds()) },
    ];
  }
}
