#!/bin/sh
# A program of many C files is made by make -j4, which goes by times: what was not changed is not made again.
#   build FILES
set -eu

count=$1
mkdir source
cd source
for i in $(seq "$count"); do
    printf 'int f%d(int);\n' "$i" >"f$i.h"
    {
        printf '#include <stdio.h>\n#include <string.h>\n#include "f%d.h"\n#include "f%d.h"\n' "$i" $((i % count + 1))
        printf 'int f%d(int n) { char text[99]; snprintf(text, sizeof text, "%%d", n); ' "$i"
        printf 'return n > 0 ? (int) strlen(text) + f%d(n - 1) : 0; }\n' $((i % count + 1))
    } >"f$i.c"
done
printf '#include <stdio.h>\n#include "f1.h"\nint main(void) { printf("%%d\\n", f1(1000)); return 0; }\n' >main.c
cat >Makefile <<'END'
SOURCES := $(filter-out main.c,$(wildcard *.c))
all: static shared
static: main.o libf.a
	$(CC) -g -o $@ main.o libf.a
shared: main.o libf.so
	$(CC) -g -o $@ main.o ./libf.so
libf.a: $(SOURCES:.c=.o)
	rm -f $@
	$(AR) rcs $@ $^
libf.so: $(SOURCES:.c=.o)
	$(CC) -g -shared -o $@ $^
%.o: %.c
	$(CC) -g -O1 -fPIC -MMD -MP -Wall -Werror -c -o $@ $<
	@echo $< >>made
-include $(wildcard *.d)
END
make -j4 >log 2>&1 || { cat log; exit 1; }
[ "$(sort -u made | wc -l)" = $((count + 1)) ]
[ "$(wc -l <made)" = $((count + 1)) ]
for program in static shared; do
    [ "$("./$program")" = 2893 ]
    [ "$(cd "$EXPORT/source" && "./$program")" = 2893 ]
    strip "$program"
    [ "$("./$program")" = 2893 ]
done
if make -j4 all | grep -v 'Nothing to be done'; then
    echo 'made again, though nothing was changed'
    exit 1
fi
: >made
touch f2.h
make -j4 >log 2>&1 || { cat log; exit 1; }
[ "$(sort made | tr '\n' ' ')" = 'f1.c f2.c ' ]
# As make sees it there, all is made, too.
[ -z "$(cd "$EXPORT/source" && make -s --question 2>&1)" ]
make -C "$EXPORT/source" -s --question
