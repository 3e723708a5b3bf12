#include "model/shipped.h"

/* The build names the file (CMakeLists.txt) and rebuilds this object when it changes. */
__asm__(".section .rodata\n"
        "shipped_model_begin:\n"
        ".incbin \"" SHIPPED_FILE "\"\n"
        "shipped_model_end:\n"
        ".previous\n");

extern const char shipped_model_begin[] __asm__("shipped_model_begin"), shipped_model_end[] __asm__(
                                                                            "shipped_model_end");

struct slice shipped_model(void)
{
    return (struct slice){shipped_model_begin, (size_t)(shipped_model_end - shipped_model_begin)};
}
