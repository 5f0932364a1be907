import type { ModelAverage } from '../../src/trends/model/model-average.ts';
import { Random } from '../../synthetic/random.ts';

/** Points with gaps, and a series of a random kind: wandering, noise, a line, a saturation, a bend and steps, each or none of them. */
export function randomSeries(seed: number): { t: Float64Array; y: Float64Array; windowS: number } {
  const random = new Random(seed);
  const windowS = 3600 * 10 ** random.between(0, 2.5);
  const m = Math.round(random.between(6, 130));
  const t = Float64Array.from({ length: m }, () => random.between(0, windowS)).sort();
  const of = (size: number): number => (random.between(0, 1) < 0.5 ? 0 : size * random.normal());
  const [slope, rise, bend, step, noise] = [of(1), of(1), of(2), of(2), 10 ** random.between(-3, 0)];
  const [tau, hinge, stepAt] = [random.between(0.02, 0.5), random.between(0.2, 0.8), random.between(0.2, 0.8)];
  let wander = 0;
  const y = t.map((at) => {
    const u = at / windowS;
    wander = 0.8 * wander + 0.1 * random.normal();
    const mean = slope * u + rise * (1 - Math.exp(-u / tau)) + bend * Math.max(0, u - hinge) + (u > stepAt ? step : 0);
    return mean + wander + noise * random.normal();
  });
  return { t, y, windowS };
}

/** What an average says, with its models by name and columns. */
export const figures = ({ models, ...summary }: ModelAverage) => ({
  ...summary,
  models: models.map(({ model, probability, slope, coefficients }) => ({
    id: `${model.name} ${model.columns}`,
    probability,
    slope,
    coefficients,
  })),
});
