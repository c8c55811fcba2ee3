package dev.ninepin.share.dir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class SmallCookiesTest {
    private static final long TOO_LARGE = 1L << 31;

    private final SmallCookies cookies = new SmallCookies();

    /**
     * Returns the cookies that a program sees in a listing from the start, if the server's cookies are {@code cookie}
     * of 1, 2, 3, …
     */
    private List<Long> list(final int entries, final LongUnaryOperator cookie) {
        assertThat(cookies.find(0)).isZero();
        final List<Long> shown = new ArrayList<>();
        for (int i = 1; i <= entries; i++) {
            shown.add(cookies.show(cookie.applyAsLong(i)));
            cookies.taken(shown.get(i - 1));
        }
        return shown;
    }

    /** Returns a cookie like ext4's: any number below 2^63, and the largest of them for the last entry. */
    private static long hash(final long entry) {
        return entry == 1000 ? Long.MAX_VALUE : (entry << 40) | entry;
    }

    @Test
    void smallCookiesStayAsTheyAre() {
        assertThat(list(3, each -> each)).containsExactly(1L, 2L, 3L);
        assertThat(cookies.show(TOO_LARGE - 1)).isEqualTo(TOO_LARGE - 1);
        assertThat(cookies.find(TOO_LARGE - 1)).isEqualTo(TOO_LARGE - 1);
    }

    @Test
    void largeOnesAreShownAsSmallOnesAndFoundAgain() {
        final List<Long> shown = list(1000, SmallCookiesTest::hash);

        assertThat(shown).allMatch(each -> each > 0 && each < TOO_LARGE).doesNotHaveDuplicates();
        for (int i = 999; i >= 0; i--) {
            assertThat(cookies.find(shown.get(i))).isEqualTo(hash(i + 1));
        }
    }

    @Test
    void negativeOnesAreLarge() {
        final long shown = cookies.show(-5);

        assertThat(shown).isBetween(1L, TOO_LARGE - 1);
        assertThat(cookies.find(shown)).isEqualTo(-5);
    }

    @Test
    void smallOnesAreNeverTakenForOthersNumbers() {
        final List<Long> large = list(10, SmallCookiesTest::hash);

        for (final long each : large) {
            final long shown = cookies.show(each);
            assertThat(large).doesNotContain(shown);
            assertThat(cookies.find(shown)).isEqualTo(each);
        }
    }

    @Test
    void aListingThatIsRepeatedHasTheSameCookies() {
        final List<Long> shown = list(1000, SmallCookiesTest::hash);

        for (int i = 0; i < 2 * SmallCookies.MOST / 1000; i++) {
            assertThat(list(1000, SmallCookiesTest::hash)).isEqualTo(shown);
        }
    }

    @Test
    void whatIsShownAndNotTakenIsShownAgainAsBefore() {
        final long shown = cookies.show(hash(1));

        assertThat(cookies.show(hash(1))).isEqualTo(shown);
        cookies.taken(shown);
        assertThat(cookies.show(hash(2))).isNotEqualTo(shown);
    }

    @Test
    void entriesThatComeMeanwhileLeaveTheOthersTheirCookies() {
        final List<Long> shown = list(10, SmallCookiesTest::hash);
        cookies.find(shown.get(4));

        final long added = cookies.show(hash(5) + 7);
        cookies.taken(added);

        assertThat(shown).doesNotContain(added);
        assertThat(cookies.find(added)).isEqualTo(hash(5) + 7);
        assertThat(cookies.find(shown.get(4))).isEqualTo(hash(5));
    }

    @Test
    void aDirectoryWithoutEndTakesNoMemoryWithoutEnd() {
        list(SmallCookies.MOST, SmallCookiesTest::hash);

        final long beyond = 1L << 62 | 9;
        assertThat(cookies.show(beyond)).isEqualTo(beyond);
        assertThat(cookies.find(beyond)).isEqualTo(beyond);
    }
}
