package dev.ninepin.share.dir;

import java.util.Arrays;
import java.util.List;

/**
 * The cookies of one open directory as programs see them ({@code d_off}, telldir(3)): below 2^31. A 32-bit program
 * without large-file support gets EOVERFLOW for a larger cookie, and takes the directory for an empty one.
 *
 * <p>A server's cookie that is small enough is shown as it is. A larger one, such as ext4's 63-bit hash, is stored in a
 * table and shown as its number in that table. The table lives as long as the directory is open. So positions from
 * telldir(3) stay valid, and lead to the same place in the server's listing.
 *
 * <p>Inode numbers are not reduced, since they must be the same in every listing and in stat(2). Such a program still
 * gets EOVERFLOW for an inode number above 2^32.
 *
 * <p>Not thread-safe: {@link OpenDirectory} serializes all calls.
 */
final class SmallCookies {
    /**
     * The maximum number of table entries, of eight bytes each. A directory with more entries shows the server's own
     * cookies from there on, which 64-bit programs can use.
     */
    static final int MOST = 1 << 20;

    /**
     * The first number. A server's cookie from {@code FIRST} to {@code FIRST + MOST - 1} is stored in the table too.
     */
    private static final long FIRST = 1L << 30;

    private static final long TOO_LARGE = 1L << 31;
    private static final int LEAST_ROOM = 64;

    /** The server's cookies, indexed by their number minus {@link #FIRST}. */
    private long[] numbered = {};

    private int count;

    /**
     * The index in {@link #numbered} of the next cookie, if the directory is being listed again and has not changed.
     */
    private int expected;

    /** Returns the server's cookies for which programs have got numbers, in the order of the numbers. */
    List<Long> handOver() {
        return Arrays.stream(numbered, 0, count).boxed().toList();
    }

    /** Takes over the numbers of another program. */
    void takeOver(final List<Long> cookies) {
        numbered = cookies.stream().mapToLong(Long::longValue).toArray();
        count = numbered.length;
        expected = count;
    }

    /**
     * Returns the server's cookie for a cookie that a program was shown. The cookies shown next must be those that
     * follow it.
     */
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

    /** Returns the cookie to show for a server's cookie. The result stays the same until {@link #taken} is called. */
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

    /** Records that the program has received the entry with the cookie that was shown last. */
    void taken(final long shown) {
        if (isNumber(shown)) {
            expected = (int) (shown - FIRST) + 1;
        }
    }

    private static boolean isNumber(final long cookie) {
        return cookie >= FIRST && cookie < FIRST + MOST;
    }
}
