package dev.ninepin.operations;

/** The kernel's cached data of files, which Ninepin can make it drop. Any thread may call any method. */
@FunctionalInterface
public interface KernelData {
    /**
     * Makes the kernel drop the data and attributes of a node. Blocks until its page reads and writes under way are
     * complete.
     */
    void drop(long node);
}
