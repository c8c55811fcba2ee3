package dev.ninepin.fuse.server;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The evidence that a mount is usable: the kernel has initialised the connection, and the server has returned the
 * root's attributes. Any thread.
 */
public final class Readiness {
    private final CompletableFuture<Boolean> initialised = new CompletableFuture<>();

    /** Completed by the first request for the root's attributes, with its failure, or empty if it succeeded. */
    private final CompletableFuture<Optional<Throwable>> rootAnswer = new CompletableFuture<>();

    /** Records that the kernel has initialised the connection. */
    void initialised() {
        initialised.complete(true);
    }

    /** Records that the root's attributes were returned. */
    void recordRootAttributes() {
        rootAnswer.complete(Optional.empty());
    }

    /** Records that the root's attributes could not be returned. Has no effect after an earlier success or failure. */
    void rootFailed(final Throwable failure) {
        rootAnswer.complete(Optional.of(failure));
    }

    /** Returns whether the kernel has initialised the connection. */
    public boolean isInitialised() {
        return initialised.isDone();
    }

    /** Returns whether the first request for the root's attributes succeeded. */
    public boolean isRootShown() {
        return rootAnswer.isDone() && rootFailure().isEmpty();
    }

    /**
     * Returns the failure of the first request for the root's attributes, or empty if it succeeded or has not come yet.
     */
    public Optional<Throwable> rootFailure() {
        return rootAnswer.getNow(Optional.empty());
    }
}
