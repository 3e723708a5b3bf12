/* CLONES before a function: the compiler makes one version per instruction set and picks at start,
 * so that one portable binary runs the kernels as fast as the machine can. Under ThreadSanitizer
 * there is only one version: its start-up code cannot pick. */
#ifndef RESTOCK_CLONES_H
#define RESTOCK_CLONES_H

#if defined(__SANITIZE_THREAD__) || defined(__clang__) /* clang 14 names the clones otherwise */
#define CLONES
#else
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif

#endif
