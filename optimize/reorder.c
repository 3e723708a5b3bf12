#include "optimize/reorder.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"
#include "optimize/newsvendor.h"

#include <math.h>

enum { STEPS_MOST = 1000000, ROUNDS_MOST = 1000, HALVINGS = 80 };

bool reorder_best(const struct reorder_terms *terms, const struct pmf *lead, struct reorder *out)
{
    double holding = terms->holding, shortage = terms->shortage;
    int64_t low = (int64_t)newsvendor_discrete(lead, holding, shortage).level, high = low;
    double sum = terms->order_cost * terms->rate + newsvendor_cost(lead, low, holding, shortage);
    double best = sum;
    for (int64_t count = 1;; count++) {
        double below = newsvendor_cost(lead, low - 1, holding, shortage);
        double above = newsvendor_cost(lead, high + 1, holding, shortage);
        double next = fmin(below, above);
        if (next >= best) { /* one more unit would cost more than the mean: done */
            *out =
                (struct reorder){.r = (double)low - 1, .Q = (double)(high - low + 1), .cost = best};
            return true;
        }
        if (count == STEPS_MOST) {
            return false;
        }
        sum += next;
        best = sum / (double)(count + 1);
        low -= below <= above;
        high += below > above;
    }
}

double reorder_cost_normal(const struct reorder_terms *terms, double lead_mean, double lead_sd,
                           double r, double Q)
{
    ASSERT(Q > 0 && lead_sd > 0);
    double low = (r - lead_mean) / lead_sd, high = low + Q / lead_sd;
    double back = lead_sd * lead_sd * (gauss_loss2(low) - gauss_loss2(high));
    return (terms->order_cost * terms->rate + terms->holding * Q * (r + Q / 2 - lead_mean) +
            (terms->holding + terms->shortage) * back) /
           Q;
}

/* z with E[(Z - z)+] = loss. */
static double loss_inverse(double loss)
{
    double low = -fmax(loss, 1) - 40, high = 40;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (gauss_loss(middle) > loss) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (low + high) / 2;
}

struct reorder reorder_normal(const struct reorder_terms *terms, double lead_mean, double lead_sd)
{
    ASSERT(lead_sd > 0);
    double both = terms->holding + terms->shortage;
    double Q = sqrt(2 * terms->order_cost * terms->rate / terms->holding), z = 0;
    for (int i = 0; i < ROUNDS_MOST; i++) {
        z = loss_inverse(terms->holding * Q / (both * lead_sd));
        double next =
            sqrt(2 * (terms->order_cost * terms->rate + both * lead_sd * lead_sd * gauss_loss2(z)) /
                 terms->holding);
        bool same = fabs(next - Q) <= 1e-13 * Q;
        Q = next;
        if (same) {
            break;
        }
    }
    double r = lead_mean + z * lead_sd;
    return (struct reorder){
        .r = r, .Q = Q, .cost = reorder_cost_normal(terms, lead_mean, lead_sd, r, Q)};
}
