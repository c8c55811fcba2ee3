package dev.ninepin.operations;

/** The reply to a write(2) that the server has answered. */
@FunctionalInterface
public interface WriteReply {
    /**
     * Runs {@code work} before the reply is sent. If that takes long, the reply is sent meanwhile, on another thread:
     * the kernel may hold a page for the write that the work waits for.
     *
     * @return whether the work was complete before the reply was sent
     */
    boolean runBefore(Runnable work);
}
