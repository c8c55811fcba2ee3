package dev.ninepin.fuse;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What proves that a mount is usable: the kernel has called, and the server has given the root's attributes. */
final class Readiness {
    private final CompletableFuture<Boolean> initialised = new CompletableFuture<>();

    /** Done at the first answer for the root, with what went wrong there if something did. */
    private final CompletableFuture<Optional<Throwable>> rootAnswer = new CompletableFuture<>();

    /** The kernel has negotiated the connection. */
    void initialised() {
        initialised.complete(true);
    }

    /** The root's attributes were given. */
    void rootShown() {
        rootAnswer.complete(Optional.empty());
    }

    /** The root's attributes could not be given. */
    void rootFailed(final Throwable failure) {
        rootAnswer.complete(Optional.of(failure));
    }

    boolean isInitialised() {
        return initialised.isDone();
    }

    /** Whether the root's attributes were given at the first time of asking. */
    boolean isRootShown() {
        return rootAnswer.isDone() && rootFailure().isEmpty();
    }

    /** Why they were not, if they were asked for. */
    Optional<Throwable> rootFailure() {
        return rootAnswer.getNow(Optional.empty());
    }
}
