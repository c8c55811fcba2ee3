package dev.ninepin.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SystemErrnoTest {
    /** Compares with the numbers that jnr-constants has for this system. */
    @ParameterizedTest
    @EnumSource(names = "OTHER", mode = EnumSource.Mode.EXCLUDE)
    void anErrorHasItsNumber(final SystemErrno errno) {
        final int number = jnr.constants.platform.Errno.valueOf(errno.name()).intValue();

        assertThat(SystemErrno.of(number)).isEqualTo(errno);
    }

    @Test
    void anyOtherNumberIsAnotherError() {
        assertThat(SystemErrno.of(5)).isEqualTo(SystemErrno.OTHER);
        assertThat(SystemErrno.of(0)).isEqualTo(SystemErrno.OTHER);
        assertThat(LibC.describe(5)).isEqualTo("Input/output error");
    }
}
