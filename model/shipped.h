/* The base model that ships with the program: model/shipped.rsbm, as restock pretrain wrote it
 * (README, "The shipped base model", has the command and the sources). */
#ifndef RESTOCK_SHIPPED_H
#define RESTOCK_SHIPPED_H

#include "config/base/slice.h"

struct slice shipped_model(void); /* bytes for base_model_load; static */

#endif
