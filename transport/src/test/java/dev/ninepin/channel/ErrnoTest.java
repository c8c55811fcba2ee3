package dev.ninepin.channel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrnoTest {
    /** Compares with the numbers that jnr-constants has for this system. */
    @ParameterizedTest
    @EnumSource(names = "OTHER", mode = EnumSource.Mode.EXCLUDE)
    void anErrorHasItsNumber(final Errno errno) {
        final int number = jnr.constants.platform.Errno.valueOf(errno.name()).intValue();

        assertThat(Errno.of(number)).isEqualTo(errno);
    }

    @Test
    void anyOtherNumberIsAnotherError() {
        assertThat(Errno.of(5)).isEqualTo(Errno.OTHER);
        assertThat(Errno.of(0)).isEqualTo(Errno.OTHER);
        assertThat(NativeCalls.describe(5)).isEqualTo("Input/output error");
    }
}
