/** Running medians of the last hour of five-minute values, as Jindal et al. take them before all else. */
export const hourlyRunningMedian = (y: Float64Array): Float64Array =>
  y.map((_, i) => {
    const near = y.slice(Math.max(0, i - 11), i + 1).sort();
    return near[near.length >> 1]!;
  });
