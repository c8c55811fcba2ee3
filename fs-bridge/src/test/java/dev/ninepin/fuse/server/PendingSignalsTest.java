package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.os.ThreadStatus;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PendingSignalsTest {
    private static final String NONE = "0000000000000000";

    /** SIGKILL is 9, SIGALRM 14, SIGTERM 15, SIGCHLD 17, SIGURG 23; signal N is bit N - 1. */
    @ParameterizedTest
    @CsvSource({
        // SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt, whether the program is terminated
        "0000000000000000, 0000000000000000, 0000000000000000, 0000000000000000, 0000000000000000, false",
        "0000000000000100, 0000000000000000, 0000000000000000, 0000000000000000, 0000000000000000, true",
        "0000000000000000, 0000000000004000, 0000000000000000, 0000000000000000, 0000000000000000, true",
        "0000000000000000, 0000000000004000, 0000000000004000, 0000000000000000, 0000000000000000, false",
        "0000000000000000, 0000000000004000, 0000000000000000, 0000000000004000, 0000000000000000, false",
        "0000000000000000, 0000000000004000, 0000000000000000, 0000000000000000, 0000000000004000, false",
        "0000000000000000, 0000000000006000, 0000000000000000, 0000000000000000, 0000000000004000, true",
        "0000000000000000, 0000000000410000, 0000000000000000, 0000000000000000, 0000000000000000, false",
        "0000000000000100, 0000000000410000, 0000000000000000, 0000000000000000, ffffffff00002000, true",
        "0000000000000000, 8000000000000000, 0000000000000000, 0000000000000000, ffffffff00002000, false",
    })
    void aSignalEndsAProgramThatDoesNotSurviveIt(
            final String own,
            final String shared,
            final String blocked,
            final String ignored,
            final String handled,
            final boolean ends) {
        final List<String> status = List.of(
                "Name:\tcat",
                "SigQ:\t0/1",
                "SigPnd:\t" + own,
                "ShdPnd:\t" + shared,
                "SigBlk:\t" + blocked,
                "SigIgn:\t" + ignored,
                "SigCgt:\t" + handled,
                "CapInh:\t" + NONE);
        assertThat(PendingSignals.of(ThreadStatus.of(status)).areFatal()).isEqualTo(ends);
    }

    @Test
    void nothingEndsThisProgramNow() {
        assertThat(PendingSignals.willTerminate((int) ProcessHandle.current().pid()))
                .isFalse();
    }

    @Test
    void whoseSignalsCannotBeSeenIsTakenToEnd() {
        assertThat(PendingSignals.willTerminate(0)).isTrue();
    }
}
