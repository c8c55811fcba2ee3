package dev.ninepin.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A writer to standard output that records the first error, which {@link System#out} hides. Not thread-safe. */
final class StandardOutput extends Writer {
    /** The message of EPIPE, which write(2) returns for a pipe that its reader has closed. */
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

    /** Flushes. Leaves the descriptor open, as other programs do that share it. */
    @Override
    public void close() throws IOException {
        flush();
    }

    /** Returns the first write error. Ignores EPIPE: a reader such as {@code head} may close the pipe early. */
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
