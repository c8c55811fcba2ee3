package dev.ninepin.share;

import dev.ninepin.operations.KernelCache;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The page cache of a kernel without pages. */
public class NoKernelCache implements KernelCache {
    @Override
    public int pageSize() {
        return 4096;
    }

    @Override
    public void dropData(final long node) {}

    @Override
    public void dropPages(final long node, final long offset, final long size) {}

    @Override
    public Optional<ByteBuffer> retrievePages(final long node, final long offset, final int size) {
        return Optional.empty();
    }
}
