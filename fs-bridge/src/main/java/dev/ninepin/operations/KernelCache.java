package dev.ninepin.operations;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The kernel's page cache of a mount: which pages it has, and the means to make it drop them. Everything that a share
 * does about the kernel's cache goes through this interface. Any thread may call any method.
 */
public interface KernelCache {
    /** Returns the size of a page in bytes. */
    int pageSize();

    /**
     * Makes the kernel drop a node's pages and attributes. The attributes include the size, which limits how far the
     * kernel reads.
     *
     * <p>Blocks until reads and writes of the node's pages that are under way have finished. So the calling thread must
     * not serve a request that the kernel holds a page for. Does nothing if the kernel no longer knows the node.
     */
    void dropData(long node);

    /**
     * Makes the kernel drop the pages of a range of bytes, and the node's attributes. Blocks as {@link #dropData} does.
     */
    void dropPages(long node, long offset, long size);

    /**
     * Returns the bytes that the kernel has cached, up to the first page that it lacks or to the file's end as the
     * kernel knows it. Does not wait for the pages' locks. A page that the kernel is reading, or is writing only partly,
     * counts as lacking; kernels before 2026 returned its incomplete contents. Blocks until the kernel answers.
     *
     * @param offset the offset of the first byte in the file
     * @param size the number of bytes
     * @return the bytes, or empty if the kernel does not answer within a second or rejects the request, or the thread is
     *     interrupted
     */
    Optional<ByteBuffer> retrievePages(long node, long offset, int size);
}
