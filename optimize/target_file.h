/* A learned target level (optimize/target.h) as bytes.
 *
 * A file: "RSTL" version:u32 inputs:u32 hidden:u32 floats:u32 manifest_bytes:u32, manifest (JSON
 * text: how it was made and what it was worth then), weights (f32, order of struct level_net),
 * xxh3 of all before. Loading refuses whatever saving did not write. Pure. */
#ifndef RESTOCK_TARGET_FILE_H
#define RESTOCK_TARGET_FILE_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "optimize/level_net.h"

enum { TARGET_FILE_MOST = 64 * 1024, TARGET_MANIFEST_MOST = 4096 };

/* net: TARGET_INPUTS inputs, all weights finite. */
void target_file_save(const struct level_net *net, struct slice manifest, struct buf *out);
/* STATUS_CORRUPT names what is wrong; then *out is untouched. manifest (NULL: not asked for) points
 * into bytes. */
struct status *target_file_load(struct slice bytes, struct level_net *out, struct slice *manifest)
    __attribute__((warn_unused_result));
/* The file that this program was built with. */
struct slice target_file_shipped(void);

#endif
