package dev.ninepin.operations;

import static dev.ninepin.testing.ScriptedServer.attend;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receiveFrame;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static dev.ninepin.testing.ScriptedServer.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests which errno a program gets for each kind of failure. */
@Timeout(60)
class ErrnoTest {
    private static final SessionOptions OPTIONS = SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(200));

    /** Compares with jnr-constants' numbers. Some numbers have two names. */
    @Test
    void aNumberHasItsNameOnLinux() {
        int known = 0;
        for (int errno = 1; errno < 134; errno++) {
            final jnr.constants.platform.Errno sameNumber = jnr.constants.platform.Errno.valueOf(errno);
            if (sameNumber != jnr.constants.platform.Errno.__UNKNOWN_CONSTANT__) {
                final String name = Errno.name(errno);
                assertThat(jnr.constants.platform.Errno.valueOf(name).intValue())
                        .as(name)
                        .isEqualTo(errno);
                known++;
            }
        }
        assertThat(known).isGreaterThan(80);
        assertThat(Errno.name(41)).isEqualTo("errno 41");
        assertThat(Errno.name(133)).isEqualTo("EHWPOISON");
        assertThat(Errno.name(134)).isEqualTo("errno 134");
        assertThat(Errno.name(0)).isEqualTo("errno 0");
        assertThat(Errno.name(-2)).isEqualTo("errno -2");
    }

    /** The kernel accepts errnos from 1 to 511. */
    @ParameterizedTest
    @CsvSource({"2, 2", "1, 1", "95, 95", "511, 511", "0, 5", "512, 5", "65535, 5", "2147483647, 5", "-2, 5"})
    void theServersErrnoIsPassedOnIfItIsOne(final int ecode, final int errno) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    sendAll(client, frame(receiveFrame(client).tag(), new Rlerror(ecode)));
                    attend(client);
                });
                Session session = Session.connect(StreamChannel.unix(server.socket()), SessionOptions.defaults(0))) {
            assertThat(Errno.of(catchThrowable(() -> session.readlink(1).await())))
                    .isEqualTo(errno);
        }
    }

    @Test
    void aRequestThatIsNotAnsweredIsATimeoutAndOneThatWasInterruptedIsEintr() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    attend(client);
                });
                Session session = Session.connect(StreamChannel.unix(server.socket()), OPTIONS)) {
            assertThat(Errno.of(catchThrowable(() -> session.readlink(1).await())))
                    .isEqualTo(Errno.ETIMEDOUT);
            Thread.currentThread().interrupt();
            assertThat(Errno.of(catchThrowable(() -> session.readlink(1).await())))
                    .isEqualTo(Errno.EINTR);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void aSessionThatIsOverIsAnIoError() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(ScriptedServer::welcome);
                Session session = Session.connect(StreamChannel.unix(server.socket()), OPTIONS)) {
            assertThat(Errno.of(catchThrowable(() -> session.readlink(1).await())))
                    .isEqualTo(Errno.EIO);
        }
    }

    @Test
    void ownFailuresHaveTheirErrnoAndAllElseIsAnIoError() {
        assertThat(Errno.of(new ErrnoException(Errno.EBADF, "no handle"))).isEqualTo(Errno.EBADF);
        assertThat(Errno.of(new StaleFileException("gone"))).isEqualTo(Errno.ESTALE);
        assertThat(Errno.of(new InterruptedIOException("interrupted"))).isEqualTo(Errno.EINTR);
        assertThat(Errno.of(new IOException("anything"))).isEqualTo(Errno.EIO);
        assertThat(Errno.of(new UncheckedIOException(new IOException()))).isEqualTo(Errno.EIO);
        assertThat(Errno.of(new OutOfMemoryError())).isEqualTo(Errno.EIO);
    }
}
