package dev.ninepin.session.exchange;

/**
 * A thread that waits for the effect of replies, such as a free permit, and not for the reply to a request of its own.
 * Until it is closed, some thread receives all replies at once. Closed once.
 */
@FunctionalInterface
public interface Bystander extends AutoCloseable {
    @Override
    void close();
}
