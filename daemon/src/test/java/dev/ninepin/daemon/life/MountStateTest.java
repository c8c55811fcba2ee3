package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.host.MountName;
import dev.ninepin.handover.RecordCodec;
import org.junit.jupiter.api.Test;

class MountStateTest {
    /** A program reads only states of its version. It would misread a changed format with an old version. */
    @Test
    void aChangedFormatHasAnotherVersion() {
        final String format = RecordCodec.of(MountState.class).describe();
        assertThat(MountState.VERSION + " " + MountName.hash(format))
                .as("if the format has changed, raise MountState.VERSION: " + format)
                .isEqualTo("1 8c2d2d40e16da8ca");
    }
}
