package dev.ninepin.share;

/** Has the kernel drop what it keeps of bytes that were just written, if that is older; before the write is answered. */
@FunctionalInterface
public interface PageDrop {
    /**
     * Drops them. May answer the write before it is done, if that takes long.
     *
     * @param beingRead whether the kernel is reading some of these bytes
     * @return whether all was done before the write was answered
     */
    boolean drop(boolean beingRead);
}
