package dev.ninepin.session;

/** Requests that the server hears of together, when this is closed: one doorbell, or one system call, for all. */
@FunctionalInterface
public interface Batch extends AutoCloseable {
    @Override
    void close();
}
