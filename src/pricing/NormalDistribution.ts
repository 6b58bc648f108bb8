import { expNegative, WAD } from "./FixedPoint.ts";

/** The standard normal distribution: docs/pricing.md, section 3. */

/** Arguments of `cdf` and `pdf` beyond ±11 count as infinite: N(−11) = 1.9e-28. */
const LIMIT = 11n * WAD;
/** 1/√(2π), 2^96 fixed point, rounded down. */
export const INV_SQRT_2PI = 31607463825455920808620519744n;

/** Coefficients of (x/32)^16 to 1 in the numerator, scaled by one common factor. */
const NUMERATOR = [
  112242648669497003632157785583135528696912277n,
  222661542286128828345634087643578826349083743n,
  217409528074409667673596809686036943500312510n,
  138084228277148919169430312396643068414353773n,
  63641952158194858812096877979762501048071392n,
  22514124562786196505483481873723965708454053n,
  6312330748337599390925522427838785073486259n,
  1428983888686183594685214060908481820478807n,
  263772942630017138904235343583555199230027n,
  39823470239530821973761749562241499249089n,
  4902857059283663145189580731947561707065n,
  487523789761180113125164898880620222296n,
  38453157721414829052218029152125199312n,
  2332477015183717009221879085790068907n,
  103072159809199893558983105772014892n,
  2985019577344540882160448702016970n,
  43148753576062030731437655998601n,
];
/** Coefficients of (x/32)^17 to 1 in the denominator, scaled by the same factor. */
const DENOMINATOR = [
  9003219096781914807022140194275872827054548856n,
  17860150962155413459346880516829191681438549104n,
  17447668054005122361952452552153580231213874274n,
  11093468141837279061983970488156648242823705381n,
  5121867915355759218750006750629729074628561841n,
  1816687685325108702811937120153400107958571298n,
  511277367174262168272704527351777512961176708n,
  116364425324136907385870592054328370345419509n,
  21642666318073527940823506100344340133050537n,
  3302917185210406525165286208804920027505765n,
  413011017264166959015894761149067624225168n,
  42022227520095790538514359056547252735661n,
  3432487523415171676664566926652131850641n,
  220141755729615699518296598151541713373n,
  10695700801841152532822401985501731557n,
  370646090305485250814023638530050683n,
  8173413509647630200703516436549680n,
  86297507152124061462875311997202n,
];

/**
 * The scaled tail R(x) = N(−x)·e^(x²/2), for 0 <= x < 26; both 2^96 fixed point.
 *
 * A rational function of degrees 16 and 17 that equals R at 34 points of [0, 26]: x = 4.5·(1 + y)/(1 − y), y being the
 * Chebyshev-Lobatto points of [−1, 43/61]. With all coefficients positive no step can cancel, and the whole is within 2
 * units of 2^-96; R(0) is exactly 1/2.
 */
export function tail(x: bigint): bigint {
  return (polynomial(NUMERATOR, x) << 96n) / polynomial(DENOMINATOR, x);
}

function polynomial(coefficients: readonly bigint[], x: bigint): bigint {
  let value = 0n;
  for (const coefficient of coefficients) value = ((value * x) >> 101n) + coefficient;
  return value;
}

/** The distribution function N(x), 1e18 fixed point, within 1e-18; N(x) + N(−x) is exactly 1. Defined for every x. */
export function cdf(x: bigint): bigint {
  if (x >= LIMIT) return WAD;
  if (x <= -LIMIT) return 0n;
  const distance = ((x < 0n ? -x : x) << 96n) / WAD;
  const { mantissa, halvings } = expNegative((distance * distance) >> 97n);
  const below = (mantissa * tail(distance) * WAD) >> (192n + halvings);
  return x < 0n ? below : WAD - below;
}

/** The density φ(x), 1e18 fixed point, rounded down within 1e-18. Defined for every x. */
export function pdf(x: bigint): bigint {
  if (x >= LIMIT || x <= -LIMIT) return 0n;
  const distance = ((x < 0n ? -x : x) << 96n) / WAD;
  const { mantissa, halvings } = expNegative((distance * distance) >> 97n);
  return (mantissa * INV_SQRT_2PI * WAD) >> (192n + halvings);
}
