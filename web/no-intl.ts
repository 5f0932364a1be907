/**
 * Stands for Intl's formatters in the bundle (scripts/build-web.mjs). uPlot makes two as it is loaded and needs neither here, since all labels
 * are made in chart.ts; the first of a page costs its browser 50 ms.
 */
export class NoFormat {
  format(value: unknown): string {
    return String(value);
  }

  resolvedOptions(): { readonly timeZone: undefined } {
    return { timeZone: undefined };
  }
}
