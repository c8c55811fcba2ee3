package dev.ninepin.share.inode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AbsentAttributesTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final ByteString NAME = ByteString.of("user.name");

    private final AbsentAttributes absent = new AbsentAttributes();

    @Test
    void anAbsenceIsBelievedForAsLongAsItMayBe() {
        absent.noted(NAME, Errno.ENODATA, absent.changes(), 5);

        assertThat(absent.errno(NAME, 5 + SECOND.toNanos() - 1, SECOND)).hasValue(Errno.ENODATA);
        assertThat(absent.errno(NAME, 5 + SECOND.toNanos(), SECOND)).isEmpty();
        assertThat(absent.errno(NAME, 5, Duration.ZERO)).isEmpty();
        assertThat(absent.errno(ByteString.of("user.other"), 5, SECOND)).isEmpty();
    }

    @Test
    void aChangeMadeHereEndsIt() {
        absent.noted(NAME, Errno.ENODATA, absent.changes(), 0);
        absent.changing();
        absent.changed();
        assertThat(absent.errno(NAME, 1, SECOND)).isEmpty();
    }

    @Test
    void anAnswerFromBeforeOrDuringAChangeIsNotBelievedAfterIt() {
        final int before = absent.changes();
        absent.changing();
        final int during = absent.changes();
        absent.noted(NAME, Errno.ENODATA, before, 0);
        assertThat(absent.errno(NAME, 1, SECOND)).isEmpty();
        absent.changed();
        absent.noted(NAME, Errno.ENODATA, during, 0);
        assertThat(absent.errno(NAME, 1, SECOND)).isEmpty();
    }

    @Test
    void aNewFileLacksWhatItsDirectoryLacksForAsLong() {
        final AbsentAttributes made = new AbsentAttributes();
        made.inherit(absent, NAME);
        assertThat(made.errno(NAME, 5, SECOND)).isEmpty();

        absent.noted(NAME, Errno.EOPNOTSUPP, absent.changes(), 5);
        made.inherit(absent, NAME);
        assertThat(made.errno(NAME, 5 + SECOND.toNanos() - 1, SECOND)).hasValue(Errno.EOPNOTSUPP);
        assertThat(made.errno(NAME, 5 + SECOND.toNanos(), SECOND)).isEmpty();
    }

    @Test
    void theOldestGivesWay() {
        for (int i = 0; i < 9; i++) {
            absent.noted(ByteString.of("user." + i), Errno.ENODATA, absent.changes(), 0);
        }
        assertThat(absent.errno(ByteString.of("user.0"), 1, SECOND)).isEmpty();
        assertThat(absent.errno(ByteString.of("user.1"), 1, SECOND)).isPresent();
        assertThat(absent.errno(ByteString.of("user.8"), 1, SECOND)).isPresent();
    }
}
