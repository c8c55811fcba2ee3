package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A call that runs on a thread of its own, because it is meant to wait. Close ends the test unless it returned. */
public final class BackgroundCall<T> implements AutoCloseable {
    private static final int ENDS_WITHIN_SECONDS = 20;

    private final FutureTask<T> task;
    private final Thread thread;

    private BackgroundCall(final String name, final Callable<T> call) {
        this.task = new FutureTask<>(call);
        this.thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static <T> BackgroundCall<T> start(final String name, final Callable<T> call) {
        return new BackgroundCall<>(name, call);
    }

    /** Returns once the call is inside a method of the name {@code method}; where it waits, if the test is right. */
    public BackgroundCall<T> awaitInside(final String method) {
        await().until(() -> task.isDone()
                || Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.getMethodName().equals(method)));
        return this;
    }

    public boolean isDone() {
        return task.isDone();
    }

    /** What the call returns, once it does. */
    public T result() throws Exception {
        return task.get(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS);
    }

    /** What the call throws, once it does. */
    public Throwable failure() throws Exception {
        try {
            throw new AssertionError("expected a failure, got " + result());
        } catch (final ExecutionException e) {
            return e.getCause();
        }
    }

    @Override
    public void close() {
        try {
            thread.join(TimeUnit.SECONDS.toMillis(ENDS_WITHIN_SECONDS));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(thread.isAlive()).as("%s still waits", thread.getName()).isFalse();
    }
}
