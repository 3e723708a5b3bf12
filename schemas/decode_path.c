#include "schemas/decode_path.h"

#include "schemas/digits.h"
#include "schemas/utf8.h"

static void append(struct decode_error *error, const char *text, size_t bytes)
{
    size_t used = strlen(error->field);
    size_t room = sizeof error->field - 1 - used;
    size_t taken = bytes <= room ? bytes : utf8_valid(text, room);
    for (size_t i = 0; i < taken; i++) {
        unsigned char byte = (unsigned char)text[i];
        error->field[used + i] = byte < 0x20 || byte == 0x7f ? '?' : text[i];
    }
    error->field[used + taken] = 0;
}

void decode_path_name(struct decode_error *error, struct slice name)
{
    if (error->field[0]) {
        append(error, ".", 1);
    }
    append(error, name.data, name.bytes);
}

void decode_path_index(struct decode_error *error, uint32_t index)
{
    char text[DIGITS_BYTES];
    text[0] = '[';
    size_t bytes = 1 + digits_u64(text + 1, index);
    text[bytes++] = ']';
    append(error, text, bytes);
}
