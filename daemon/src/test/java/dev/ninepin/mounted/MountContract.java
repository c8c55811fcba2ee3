package dev.ninepin.mounted;

import java.io.IOException;

/** What every mount does, whichever server is behind it, and depends on how that keeps files. */
abstract class MountContract extends SharedMount
        implements Trees, NamesOfFiles, Directories, OpenFiles, AttributesOfFiles, XattrsOfFiles, NamesTakenByOthers {
    MountContract(final ServerKind kind) throws IOException {
        super(kind);
    }
}
