import type { NoiseModel } from './noise-models.ts';

/** One noise model at fixed points. V is the covariance matrix that the noise model gives to the points, up to one common scale. */
export interface KalmanFilter {
  /** ln |V|. */
  readonly logDeterminant: number;
  /**
   * The innovations of a column, each over its standard deviation. They are white with variance 1, so that
   * whiten(a) . whiten(b) = a' V^-1 b.
   */
  readonly whiten: (column: Float64Array) => Float64Array;
}

/**
 * The Kalman filter of a sum of Ornstein-Uhlenbeck processes w_a plus white noise, at the points `u` (shares of the window, ascending). Gaps
 * between points are bridged exactly: the process is continuous in time. Gains depend on the points alone, so they are computed once.
 *
 *     decay since the last point        phi_a = exp(-(u_i - u_(i-1)) / decay_a)
 *     predicted covariance of the w     P_ab  = phi_a phi_b P_ab  +  (a = b) variance_a (1 - phi_a^2)
 *     variance of the innovation        F     = sum of all P_ab + white
 *     gain                              K_a   = sum over b of P_ab / F
 *     innovation of a column            v     = column_i - sum over a of phi_a w_a,   then w_a = phi_a w_a + K_a v
 *     covariance after the point        P_ab  = P_ab - K_a K_b F
 *     ln |V|                            = sum over the points of ln F
 *
 * Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter", section 3.4.
 */
export function kalmanFilter(u: Float64Array, { ouComponents, white }: NoiseModel): KalmanFilter {
  const covariance = ouComponents.map(() => ouComponents.map(() => 0));
  const decays: number[][] = [];
  const gains: number[][] = [];
  const variances: number[] = [];
  for (let i = 0; i < u.length; i++) {
    const phi = ouComponents.map(({ decay }) => (i === 0 ? 0 : Math.exp((u[i - 1]! - u[i]!) / decay)));
    ouComponents.forEach(({ variance }, a) => {
      covariance[a] = covariance[a]!.map((value, b) => value * phi[a]! * phi[b]!);
      covariance[a][a]! += variance * (1 - phi[a]! ** 2);
    });
    const sums = covariance.map((row) => row.reduce((sum, value) => sum + value, 0));
    const innovationVariance = sums.reduce((sum, value) => sum + value, white);
    covariance.forEach((row, a) => {
      for (let b = 0; b < row.length; b++) row[b]! -= (sums[a]! * sums[b]!) / innovationVariance;
    });
    decays.push(phi);
    gains.push(sums.map((sum) => sum / innovationVariance));
    variances.push(innovationVariance);
  }
  const whiten = (column: Float64Array): Float64Array => {
    const state = ouComponents.map(() => 0);
    return column.map((value, i) => {
      let innovation = value;
      for (let a = 0; a < state.length; a++) {
        state[a]! *= decays[i]![a]!;
        innovation -= state[a]!;
      }
      for (let a = 0; a < state.length; a++) state[a]! += gains[i]![a]! * innovation;
      return innovation / Math.sqrt(variances[i]!);
    });
  };
  return { logDeterminant: variances.reduce((sum, variance) => sum + Math.log(variance), 0), whiten };
}
