package dev.ninepin.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that keeps the reason why it could not be written to, which {@link System#out} does not tell. For one
 * thread.
 */
final class StandardOutput extends Writer {
    /** What write(2) says of a pipe that its reader has closed. */
    private static final String CLOSED_PIPE = "Broken pipe";

    private final Writer out;
    private @Nullable IOException failure;

    StandardOutput() {
        this.out = new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), Charset.defaultCharset());
    }

    @Override
    public void write(final char[] text, final int offset, final int length) throws IOException {
        try {
            out.write(text, offset, length);
        } catch (final IOException e) {
            throw noted(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (final IOException e) {
            throw noted(e);
        }
    }

    /** Flushes; the descriptor stays open, as it does for other programs that share it. */
    @Override
    public void close() throws IOException {
        flush();
    }

    /**
     * The first failure to write. Not one to a reader who has seen enough and gone, as {@code head} does: that is no
     * failure.
     */
    Optional<IOException> failure() {
        return Optional.ofNullable(failure).filter(e -> !CLOSED_PIPE.equals(e.getMessage()));
    }

    private IOException noted(final IOException e) {
        if (failure == null) {
            failure = e;
        }
        return e;
    }
}
