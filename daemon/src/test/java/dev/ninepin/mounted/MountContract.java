package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/** The tests that must pass with every server and depend on how the server stores files. */
abstract class MountContract extends SharedMount
        implements Trees, NamesOfFiles, Directories, OpenFiles, AttributesOfFiles, XattrsOfFiles, NamesTakenByOthers {
    MountContract(final ServerKind kind) throws IOException {
        super(kind);
    }
}
