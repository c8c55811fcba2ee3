#!/bin/sh
# A program of others is built from its source, as its authors mean it to be: configure, make -j4, its own tests, make
# install. What is made is the same on the server's side, and is not made again.
#   source MIRROR ARCHIVE      below Debian's mirror: pool/main/…
set -eu

mirror=$1
archive=$2
quietly() {
    "$@" >>log 2>&1 || { tail -n 30 log; exit 1; }
}

quietly /usr/lib/apt/apt-helper download-file "$mirror/$archive" archive
mkdir source made
tar -C source --strip-components=1 -xf archive
(
    cd source
    # It wants to be refused what root never is.
    printf '#!/bin/sh\nexit 77\n' >testsuite/panic-tests.sh
    # Else configure does not want to be root.
    export FORCE_UNSAFE_CONFIGURE=1
    quietly ./configure --prefix=/usr
    quietly make -j4
    quietly make -j4 check
    quietly make install DESTDIR="$PWD/../made"
    make -j4 2>&1 | tee again >>log
    if grep -q ' CC ' again; then
        echo 'made again, though nothing was changed'
        exit 1
    fi
    grep '^# [A-Z]*: ' log
)
diff -r --no-dereference source "$EXPORT/source"
diff -r --no-dereference made "$EXPORT/made"
