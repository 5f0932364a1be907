/**
 * Replaces Intl's formatters in the bundle (scripts/build-web.mjs). uPlot creates two when it is loaded, and needs neither here, because the
 * charts format all labels themselves. The first formatter of a page costs the browser 50 ms.
 */
export class NoFormat {
  format(value: unknown): string {
    return String(value);
  }

  resolvedOptions(): { readonly timeZone: undefined } {
    return { timeZone: undefined };
  }
}
