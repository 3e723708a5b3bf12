#include "cmd/page.h"

/* The build names the file (CMakeLists.txt) and rebuilds this object when it changes. */
__asm__(".section .rodata\n"
        "page_html_begin:\n"
        ".incbin \"" PAGE_FILE "\"\n"
        "page_html_end:\n"
        ".previous\n");

extern const char page_html_begin[] __asm__("page_html_begin"), page_html_end[] __asm__(
                                                                    "page_html_end");

struct slice page_html(void)
{
    return (struct slice){page_html_begin, (size_t)(page_html_end - page_html_begin)};
}
