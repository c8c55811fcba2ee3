package dev.ninepin.session.exchange;

/**
 * A group of requests that the server is notified of together when the batch is closed: with one doorbell or one system
 * call.
 */
@FunctionalInterface
public interface Batch extends AutoCloseable {
    @Override
    void close();
}
