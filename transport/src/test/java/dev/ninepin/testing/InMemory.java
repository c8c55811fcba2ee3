package dev.ninepin.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/** A marker for tests whose export must be on an in-memory file system, where an extended attribute may have 64 KiB. */
public interface InMemory {
    /** The factory that creates a test's export. */
    final class Place implements TempDirFactory {
        private static final String PREFIX = "ninepin-export";

        @Override
        public Path createTempDirectory(final AnnotatedElementContext element, final ExtensionContext test)
                throws IOException {
            return InMemory.class.isAssignableFrom(test.getRequiredTestClass())
                    ? Files.createTempDirectory(Path.of("/dev/shm"), PREFIX)
                    : Files.createTempDirectory(PREFIX);
        }
    }
}
