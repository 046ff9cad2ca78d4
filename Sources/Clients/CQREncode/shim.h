// QR codes (https://fukuchi.org/works/qrencode/).
#include <qrencode.h>
