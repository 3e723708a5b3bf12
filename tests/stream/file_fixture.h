/* Files that a test writes and removes. */
#ifndef RESTOCK_FILE_FIXTURE_H
#define RESTOCK_FILE_FIXTURE_H

#include <stddef.h>

enum { FILE_PATH_BYTES = 64 };

/* A new file in the temporary folder with this text; its path. */
void file_fixture(char path[FILE_PATH_BYTES], const char *text);
char *file_text(const char *path); /* NULL: not there; else freed by the caller */

#endif
