package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessLimitTest {
    /** Messages observed under {@code ulimit -u}, from high limits down to low ones. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "unable to create native thread: possibly out of memory or process/resource limits reached",
                "Cannot run program \"/usr/bin/setsid\": error=11, Resource temporarily unavailable",
                "QEMU was killed by signal 6: qemu: qemu_thread_create: Resource temporarily unavailable",
                "Error occurred during initialization of VM\njava.lang.OutOfMemoryError: unable to create native thread: x"
            })
    void theWordsOfWhateverNeededOneMoreAreKnown(final String words) {
        assertThat(ProcessLimit.sentence(words)).hasValueSatisfying(said -> assertThat(said)
                .startsWith("the limit on processes and threads is reached: ")
                .contains("ulimit -u", "TasksMax="));
        assertThat(ProcessLimit.sentence(new IllegalStateException("outer", new IOException(words))))
                .isEqualTo(ProcessLimit.sentence(words));
    }

    @Test
    void otherFailuresAreNot() {
        assertThat(ProcessLimit.sentence(new OutOfMemoryError("Java heap space")))
                .isEmpty();
        assertThat(ProcessLimit.sentence("cannot connect to unix:/run/9p: Resource temporarily unavailable"))
                .isEmpty();
    }
}
