package dev.ninepin.share;

import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.WaitCondition;
import dev.ninepin.share.path.FilePaths;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last answer to a request about the mount point from programs such as umount(8), df(1) or a shell in the directory
 * above. These programs must not hang because of a silent server. After a second of silence, they get the last answer
 * again. Any thread may call any method.
 */
final class LastAnswer<T> {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long to wait for a sign of life from a server that has not answered. */
    private static final long LIFE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final Logger LOG = LoggerFactory.getLogger(LastAnswer.class);

    private final Session session;
    private final AtomicReference<@Nullable T> last = new AtomicReference<>();

    LastAnswer(final Session session) {
        this.session = session;
    }

    /**
     * Sends the request, and returns the answer. Returns the last answer if the server has been unreachable or silent
     * for a second, and the session reconnects.
     *
     * @param again converts the last answer to one that is given again
     * @throws IOException if the request fails for another reason, or if there is no last answer
     */
    T get(final FilePaths.Attempt<T> request, final UnaryOperator<T> again) throws IOException {
        if (!session.reconnects() || last.get() == null) {
            return ask(request);
        }
        final long begin = System.nanoTime();
        try (WaitCondition.Scope scope = WaitCondition.begin(() -> System.nanoTime() - begin >= PATIENCE_NANOS)) {
            return ask(request);
        } catch (final RemoteException e) {
            throw e;
        } catch (final IOException e) {
            if (Thread.currentThread().isInterrupted() || session.isAnswering(LIFE_NANOS)) {
                throw e;
            }
            final T known = last.get();
            if (known == null) {
                throw e;
            }
            LOG.debug("the last answer is given again", e);
            return again.apply(known);
        }
    }

    /** Records an answer to another request. */
    void note(final T answer) {
        last.set(answer);
    }

    private T ask(final FilePaths.Attempt<T> request) throws IOException {
        final T answer = request.run();
        last.set(answer);
        return answer;
    }
}
