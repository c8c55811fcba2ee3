package dev.ninepin.share;

/** What the kernel has kept of files' data, as far as it can be told to drop it. Any thread. */
@FunctionalInterface
public interface KernelData {
    /** Has the kernel drop the data and attributes of a node; waits for reads and writes of it that are under way. */
    void drop(long node);
}
