#include "optimize/gauss.h"

#include <math.h>

double gauss_below(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

double gauss_density(double z)
{
    return 0.3989422804014326779 * exp(-z * z / 2);
}

double gauss_loss(double z)
{
    return gauss_density(z) - z * gauss_below(-z);
}

double gauss_loss2(double z)
{
    return 0.5 * ((z * z + 1) * gauss_below(-z) - z * gauss_density(z));
}

/* Rational approximation by P. J. Acklam (2003), relative error 1.15e-9: no iteration, so that a
 * decision stays cheap. */
static double central(double q)
{
    double r = q * q;
    double top = -3.969683028665376e+01;
    top = top * r + 2.209460984245205e+02;
    top = top * r - 2.759285104469687e+02;
    top = top * r + 1.383577518672690e+02;
    top = top * r - 3.066479806614716e+01;
    top = top * r + 2.506628277459239e+00;
    double bottom = -5.447609879822406e+01;
    bottom = bottom * r + 1.615858368580409e+02;
    bottom = bottom * r - 1.556989798598866e+02;
    bottom = bottom * r + 6.680131188771972e+01;
    bottom = bottom * r - 1.328068155288572e+01;
    bottom = bottom * r + 1;
    return q * top / bottom;
}

static double tail(double level)
{
    double q = sqrt(-2 * log(level));
    double top = -7.784894002430293e-03;
    top = top * q - 3.223964580411365e-01;
    top = top * q - 2.400758277161838e+00;
    top = top * q - 2.549732539343734e+00;
    top = top * q + 4.374664141464968e+00;
    top = top * q + 2.938163982698783e+00;
    double bottom = 7.784695709041462e-03;
    bottom = bottom * q + 3.224671290700398e-01;
    bottom = bottom * q + 2.445134137142996e+00;
    bottom = bottom * q + 3.754408661907416e+00;
    return top / (bottom * q + 1);
}

double gauss_quantile(double level)
{
    level = fmin(fmax(level, 1e-12), 1 - 1e-12);
    if (level < 0.02425) {
        return tail(level);
    }
    if (level > 1 - 0.02425) {
        return -tail(1 - level);
    }
    return central(level - 0.5);
}
