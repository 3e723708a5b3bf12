/* The live page (cmd/page.html), in the binary: self-contained, it asks only this process for data.
 */
#ifndef RESTOCK_PAGE_H
#define RESTOCK_PAGE_H

#include "config/base/slice.h"

struct slice page_html(void);

#endif
