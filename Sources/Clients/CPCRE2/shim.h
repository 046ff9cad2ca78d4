// PCRE2 for texts of 8-bit units (https://www.pcre.org/current/doc/html/pcre2api.html).
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
