package dev.ninepin.share;

import java.util.Arrays;

/**
 * The cookies of one open directory as programs see them ({@code d_off}, telldir(3)): below 2^31, since a 32-bit program
 * without large-file support gets EOVERFLOW for more, and takes the directory for an empty one. A server's cookie that is
 * small enough is shown as it is. One that is not, such as ext4's hash of 63 bits, gets a number, and is kept under it for
 * as long as the directory is open: telldir's positions stay good, and lead to the same place of the server's listing.
 *
 * <p>Inode numbers are not made small: they must be the same in every listing and in stat(2). A program of that kind still
 * gets EOVERFLOW for a number above 2^32.
 *
 * <p>One thread at a time.
 */
final class SmallCookies {
    /**
     * The most numbers that are given, for eight bytes of memory each. A directory with more entries shows the server's
     * cookies from there on, which 64-bit programs can use.
     */
    static final int MOST = 1 << 20;

    /** Numbers begin here; a server's cookie from here to {@code FIRST + MOST} gets a number, too. */
    private static final long FIRST = 1L << 30;

    private static final long TOO_LARGE = 1L << 31;
    private static final int LEAST_ROOM = 64;

    /** The server's cookies, by their number less {@link #FIRST}. */
    private long[] numbered = {};

    private int count;

    /** The place in {@link #numbered} of the cookie that comes next, if the listing is as it was when it was seen before. */
    private int expected;

    /** The server's cookie for what a program calls {@code shown}. The next to be shown are those that follow it. */
    long find(final long shown) {
        if (isNumber(shown) && shown - FIRST < count) {
            expected = (int) (shown - FIRST) + 1;
            return numbered[expected - 1];
        }
        if (shown == 0) {
            expected = 0;
        }
        return shown;
    }

    /** What a program is to call the server's {@code cookie}. Asked again before {@link #taken}, it says the same. */
    long show(final long cookie) {
        if (cookie > 0 && cookie < TOO_LARGE && !isNumber(cookie)) {
            return cookie;
        }
        if (expected < count && numbered[expected] == cookie) {
            return FIRST + expected;
        }
        if (count == MOST) {
            return cookie;
        }
        if (count == numbered.length) {
            numbered = Arrays.copyOf(numbered, Math.min(MOST, Math.max(LEAST_ROOM, 2 * count)));
        }
        numbered[count] = cookie;
        expected = count;
        count++;
        return FIRST + expected;
    }

    /** The program was given what was shown last. */
    void taken(final long shown) {
        if (isNumber(shown)) {
            expected = (int) (shown - FIRST) + 1;
        }
    }

    private static boolean isNumber(final long cookie) {
        return cookie >= FIRST && cookie < FIRST + MOST;
    }
}
