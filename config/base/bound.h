/* Limits of floating-point numbers. libm's fmaxf and fminf are calls; these are one instruction,
 * and run in vectors. What is no number becomes the limit. Pure; any thread. */
#ifndef RESTOCK_BOUND_H
#define RESTOCK_BOUND_H

static inline float at_least(float x, float least)
{
    return x > least ? x : least;
}

static inline float at_most(float x, float most)
{
    return x < most ? x : most;
}

#endif
