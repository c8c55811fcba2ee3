package dev.ninepin.operations;

/** A way to make the kernel drop stale pages of bytes that were just written, before the write is answered. */
@FunctionalInterface
public interface PageDrop {
    /**
     * Drops the pages. If that takes long, answers the write first.
     *
     * @param beingRead whether the kernel is reading some of these bytes
     * @return whether the drop was complete before the write was answered
     */
    boolean drop(boolean beingRead);
}
